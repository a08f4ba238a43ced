package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// randomBelow returns an even random number in [0, n), for n up to 256.
func randomBelow(n int) int {
	var b [1]byte
	for {
		rand.Read(b[:])
		if v := int(b[0]); v < 256-256%n { // the rest would make small numbers likelier
			return v % n
		}
	}
}

// deviceMark makes and checks the mark a browser keeps after a sign-in. It proves that this browser has signed in
// to this account before, which exempts it from the limits that failures elsewhere bring about.
type deviceMark struct{ key []byte }

func (d deviceMark) make(accountID string) string {
	var b [16]byte
	rand.Read(b[:])
	id := base64.RawURLEncoding.EncodeToString(b[:])
	return id + "." + d.mac(accountID, id)
}

// id returns the browser's id, or "" when the mark is not one of this account.
func (d deviceMark) id(mark, accountID string) string {
	id, mac, ok := strings.Cut(mark, ".")
	if !ok || len(id) != 22 || !hmac.Equal([]byte(mac), []byte(d.mac(accountID, id))) {
		return ""
	}
	return id
}

func (d deviceMark) mac(accountID, id string) string {
	m := hmac.New(sha256.New, d.key)
	m.Write([]byte(accountID + "." + id))
	return hex.EncodeToString(m.Sum(nil))
}
