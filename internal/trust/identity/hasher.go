package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

// params are the cost of one hash.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// present is what new hashes cost: the OWASP minimum for Argon2id, some 20 ms of one core. Hashes with other
// parameters are made anew at the next sign-in.
var present = params{memory: 19 << 10, time: 2, threads: 1}

// No stored hash may make this program spend more than these.
const (
	maxMemory = 256 << 10
	maxTime   = 16
)

// hasher turns passwords into slow hashes. It works on as many at once as there are processors, so that a storm
// of sign-ins takes neither all memory nor all of the machine.
type hasher struct {
	pepper []byte
	seats  chan struct{}
	count  atomic.Int64 // computations so far; a test compares them instead of times
	dummy  string       // the hash of nothing anybody knows
}

func newHasher(key []byte) *hasher {
	h := &hasher{pepper: derive(key, "password pepper"), seats: make(chan struct{}, runtime.NumCPU())}
	unknown := make([]byte, 32)
	rand.Read(unknown)
	h.dummy = encodeHash(present, unknown[:16], unknown)
	return h
}

// derive returns a key for one purpose from the module's key.
func derive(key []byte, purpose string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("identity " + purpose))
	return m.Sum(nil)
}

func (h *hasher) compute(ctx context.Context, password string, p params, salt []byte, size uint32) ([]byte, error) {
	select {
	case h.seats <- struct{}{}:
		defer func() { <-h.seats }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.count.Add(1)
	m := hmac.New(sha256.New, h.pepper)
	m.Write([]byte(foldForm(password)))
	return argon2.IDKey(m.Sum(nil), salt, p.time, p.memory, p.threads, size), nil
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	sum, err := h.compute(ctx, password, present, salt, 32)
	if err != nil {
		return "", err
	}
	return encodeHash(present, salt, sum), nil
}

// verify reports whether the password fits the PHC string, and whether that should be made anew. An empty string
// fits nothing and costs the same.
func (h *hasher) verify(ctx context.Context, password, phc string) (ok, old bool, err error) {
	none := phc == ""
	if none {
		phc = h.dummy
	}
	p, salt, want, err := decodeHash(phc)
	if err != nil {
		return false, false, err
	}
	sum, err := h.compute(ctx, password, p, salt, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(sum, want) == 1 && !none, p != present, nil
}

func encodeHash(p params, salt, sum []byte) string {
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.memory, p.time, p.threads, e.EncodeToString(salt), e.EncodeToString(sum))
}

func decodeHash(phc string) (p params, salt, sum []byte, err error) {
	bad := func(err error) (params, []byte, []byte, error) {
		return params{}, nil, nil, fmt.Errorf("a stored password hash is damaged: %w", err)
	}
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad(fmt.Errorf("not argon2id v=%d", argon2.Version))
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return bad(err)
	}
	if p.memory < 8 || p.memory > maxMemory || p.time < 1 || p.time > maxTime || p.threads < 1 {
		return bad(fmt.Errorf("parameters %s", parts[3]))
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return bad(err)
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return bad(err)
	}
	if len(salt) < 8 || len(sum) < 16 || len(sum) > 64 {
		return bad(fmt.Errorf("salt of %d and hash of %d bytes", len(salt), len(sum)))
	}
	return p, salt, sum, nil
}
