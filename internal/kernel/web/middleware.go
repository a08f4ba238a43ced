package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// withHeaders sets what every answer carries. Pages may not be framed, sniffed, stored or extended by scripts
// from elsewhere.
func (s *Site) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b [16]byte
		rand.Read(b[:])
		x := exchangeOf(r.Context())
		x.nonce = base64.RawStdEncoding.EncodeToString(b[:])
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+x.nonce+"'; style-src 'self' 'nonce-"+
			x.nonce+"'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "+
			"media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), geolocation=(self), microphone=(self), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		if x.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// limit bounds how often an address may ask and how much it may send.
func (s *Site) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if !x.asset {
			if wait := s.limiter.take(x.addr); wait > 0 {
				w.Header().Set("Retry-After", fmt.Sprint(int(wait/time.Second)+1))
				s.fail(w, r, ErrTooMany)
				return
			}
		}
		if s.BodyLimit > 0 && r.Body != nil {
			r.Body = http.MaxBytesReader(x.ResponseWriter, r.Body, s.BodyLimit) // the server's own, which it tells to hang up
		}
		next.ServeHTTP(w, r)
	})
}

// protect refuses writes from other sites: by what browsers say of the request's origin, and, for requests that
// carry cookies instead of a token, by the form token. It also refuses what is no text.
func (s *Site) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.cross.Check(r); err != nil {
			s.metrics.refused.WithLabelValues(refusedCrossSite).Inc()
			s.fail(w, r, ErrCrossSite.Because(err))
			return
		}
		if err := checkQuery(r.URL.RawQuery); err != nil {
			s.fail(w, r, err)
			return
		}
		if x := exchangeOf(r.Context()); !safe(r.Method) && !x.api && x.route != "" {
			defer removeFiles(r)
			if err := s.readForm(r); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// readForm parses the form, checks that it comes from a page of this browser, and opens what a confirmation page
// sealed.
func (s *Site) readForm(r *http.Request) error {
	if err := parseForm(r); err != nil {
		return BadBody(err)
	}
	if !s.checkCSRF(r) {
		s.metrics.refused.WithLabelValues(refusedFormToken).Inc()
		return ErrCrossSite
	}
	if err := s.openForm(r); err != nil {
		return err
	}
	return checkText(r.PostForm)
}

// formMemory is how much of a form with files is held in memory; the rest waits in temporary files.
const formMemory = 1 << 20

func parseForm(r *http.Request) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		return r.ParseMultipartForm(formMemory)
	}
	return r.ParseForm()
}

// removeFiles removes the temporary files of a form. net/http does so only for requests nobody has copied, and the
// middleware copies each.
func removeFiles(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // the operating system's temporary folder is cleared anyway
	}
}

// checkQuery refuses a query that cannot be stored or searched for. What is not even encoded well is left out by
// net/url, as it always was.
func checkQuery(raw string) error {
	if strings.IndexFunc(raw, func(c rune) bool { return c == '%' || c >= utf8.RuneSelf }) < 0 {
		return nil
	}
	values, _ := url.ParseQuery(raw)
	return checkText(values)
}

// checkText names the first field that holds what no database stores as text.
func checkText(form url.Values) error {
	for name, values := range form {
		dirty := !clean(name)
		for _, v := range values {
			dirty = dirty || !clean(v)
		}
		if dirty {
			name = shorten(strings.ReplaceAll(name, "\x00", ""), 50)
			return ErrBadText.With("field", name).At(name)
		}
	}
	return nil
}

// clean reports whether s is text: UTF-8 without the null character.
func clean(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func isAPI(r *http.Request) bool { return exchangeOf(r.Context()).api }

// withActor finds out who asks. A session cookie counts on pages only and a bearer token in the API only, so
// that no site can make a browser use the API with its cookies.
func (s *Site) withActor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		if x.asset {
			next.ServeHTTP(w, r)
			return
		}
		actor, err := s.actor(r, x)
		if err != nil && (x.api || errs.KindOf(err) != errs.Denied) {
			s.fail(w, r, err)
			return
		}
		if err != nil {
			s.clearCookie(w, sessionCookie)
			actor = op.Actor{Kind: op.Anonymous}
		}
		actor.Addr, actor.Device = x.addr, shorten(r.UserAgent(), 200)
		next.ServeHTTP(w, r.WithContext(op.WithActor(r.Context(), actor)))
	})
}

func (s *Site) actor(r *http.Request, x *exchange) (op.Actor, error) {
	if x.api {
		scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
		if !ok || !strings.EqualFold(scheme, "Bearer") {
			return op.Actor{Kind: op.Anonymous}, nil
		}
		return s.Sessions.AuthenticateToken(r.Context(), strings.TrimSpace(token))
	}
	if secret := s.Cookie(r, sessionCookie); secret != "" {
		return s.Sessions.Authenticate(r.Context(), secret)
	}
	return op.Actor{Kind: op.Anonymous}, nil
}

// withContext hands the hidden fields of a form, or the API's Idempotency-Key, to kernel/op.
func (s *Site) withContext(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if safe(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, name, key := r.Context(), "Idempotency-Key", r.Header.Get("Idempotency-Key")
		if !isAPI(r) {
			name, key = ui.FieldFormID, r.PostForm.Get(ui.FieldFormID)
			ctx = withAnswers(ctx, r.PostForm)
		}
		if err := checkKey(name, key); err != nil {
			s.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(op.WithKey(ctx, key)))
	})
}

// withAnswers adds what the actor said of the operation itself.
func withAnswers(ctx context.Context, form url.Values) context.Context {
	if token := form.Get(ui.FieldConfirmToken); token != "" {
		ctx = op.WithConfirmation(ctx, op.Confirmation{Token: token, Typed: form.Get(ui.FieldConfirmTyped)})
	}
	if reason := form.Get(ui.FieldReason); reason != "" {
		ctx = op.WithReason(ctx, shorten(reason, 500))
	}
	return ctx
}

// checkKey refuses keys that are too long or no plain characters.
func checkKey(name, key string) error {
	if len(key) > 100 {
		return errs.InvalidFields(errs.Field{Name: name, Code: "too_long", Params: map[string]any{"max": 100}})
	}
	if strings.IndexFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) >= 0 {
		return errs.InvalidFields(errs.Field{Name: name, Code: "bad_format"})
	}
	return nil
}

// shorten cuts s to so many characters, and puts a mark where it holds no character at all.
func shorten(s string, runes int) string {
	if len(s) <= runes && utf8.ValidString(s) {
		return s
	}
	r := []rune(strings.ToValidUTF8(s, "\ufffd"))
	return string(r[:min(runes, len(r))])
}
