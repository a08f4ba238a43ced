package ids

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"
)

// New returns a new id: a UUIDv7 in its 36-character text form. Ids made later by the same process sort later.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Valid reports whether s has the form New returns. It keeps junk from the address line out of queries and logs.
func Valid(s string) bool {
	if len(s) != 36 {
		return false
	}
	_, err := uuid.Parse(s)
	return err == nil
}

// Secret returns 256 random bits as 43 characters that are safe in addresses, headers and cookies.
func Secret() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails: the runtime stops the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// Digest returns the form in which a secret made by Secret is stored: its SHA-256 as hexadecimal. A secret
// of 256 random bits needs no salt and no slow hash.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
