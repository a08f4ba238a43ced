package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/ui"
)

const csrfCookie = "form"

const secretLength = 43 // of what ids.Secret returns

// csrfToken returns a form token bound to the browser's cookie, which it sets when there is none yet. Every call
// gives another token, so that a compressed page does not give one away bit by bit.
func (s *Site) csrfToken(w http.ResponseWriter, r *http.Request) string {
	cookie := s.Cookie(r, csrfCookie)
	if len(cookie) != secretLength {
		cookie = ids.Secret()
		s.SetCookie(w, csrfCookie, cookie, 0)
		useCookie(r, cookieName(exchangeOf(r.Context()).secure, csrfCookie), cookie)
	}
	var salt [16]byte
	rand.Read(salt[:])
	return base64.RawURLEncoding.EncodeToString(append(salt[:], s.csrfMAC(salt[:], cookie)...))
}

func (s *Site) csrfMAC(salt []byte, cookie string) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte("form token"))
	h.Write(salt)
	h.Write([]byte(cookie))
	return h.Sum(nil)
}

// useCookie lets the rest of this request read the cookie the answer sets, in place of an unfit one.
func useCookie(r *http.Request, name, value string) {
	others := r.Cookies()
	r.Header.Del("Cookie")
	for _, c := range others {
		if c.Name != name {
			r.AddCookie(c)
		}
	}
	r.AddCookie(&http.Cookie{Name: name, Value: value})
}

// checkCSRF reports whether the form's token belongs to the browser's cookie.
func (s *Site) checkCSRF(r *http.Request) bool {
	cookie := s.Cookie(r, csrfCookie)
	if len(cookie) != secretLength {
		return false
	}
	token := r.PostForm.Get(ui.FieldCSRF)
	if token == "" {
		token = r.Header.Get("X-Form-Token") // pages' own scripts
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	return err == nil && len(raw) == 16+sha256.Size && hmac.Equal(raw[16:], s.csrfMAC(raw[:16], cookie))
}
