package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"tongban/internal/kernel/ui"
)

// fieldSealed holds the fields of a form that waits for its confirmation. They may be a password or somebody's data,
// which a page must not repeat: only this program can read them, and only for the browser that sent them.
const fieldSealed = "sealed"

func newSeal(key []byte) (cipher.AEAD, error) {
	own, err := hkdf.Key(sha256.New, key, nil, "tongban sealed form", 32)
	if err != nil {
		return nil, fmt.Errorf("key of sealed forms: %w", err)
	}
	block, err := aes.NewCipher(own)
	if err != nil {
		return nil, fmt.Errorf("key of sealed forms: %w", err)
	}
	return cipher.NewGCM(block)
}

// ownFields are about the sending of a form, not of what was asked for. They are new in the confirmation's form.
var ownFields = []string{ui.FieldCSRF, ui.FieldFormID, ui.FieldConfirmToken, ui.FieldConfirmTyped, fieldSealed}

// sealForm returns the fields of the form that asked, for the form that confirms.
func (s *Site) sealForm(r *http.Request) (string, error) {
	form := maps.Clone(r.PostForm)
	for _, name := range ownFields {
		delete(form, name)
	}
	nonce := make([]byte, s.seal.NonceSize())
	rand.Read(nonce)
	plain, err := json.Marshal(form)
	if err != nil {
		return "", fmt.Errorf("seal a form: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.seal.Seal(nonce, nonce, plain, s.sealedFor(r))), nil
}

// sealedFor binds a sealed form to where it is sent and to the browser.
func (s *Site) sealedFor(r *http.Request) []byte {
	return []byte(r.Method + " " + r.URL.Path + "\x00" + s.Cookie(r, csrfCookie))
}

// openForm puts the sealed fields back, in place of any sent beside them.
func (s *Site) openForm(r *http.Request) error {
	if !r.PostForm.Has(fieldSealed) {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get(fieldSealed))
	if err != nil || len(raw) < s.seal.NonceSize() {
		return ErrBadBody
	}
	plain, err := s.seal.Open(nil, raw[:s.seal.NonceSize()], raw[s.seal.NonceSize():], s.sealedFor(r))
	if err != nil {
		return ErrBadBody
	}
	var fields url.Values
	if err := json.Unmarshal(plain, &fields); err != nil {
		return ErrBadBody
	}
	delete(r.PostForm, fieldSealed)
	maps.Copy(r.PostForm, fields)
	r.Form = nil // what ParseForm joined; FormValue joins it again
	return nil
}
