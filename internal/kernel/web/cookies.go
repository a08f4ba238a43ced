package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/ui"
)

const (
	sessionCookie = "session"
	displayCookie = "display"
	flashCookie   = "flash"
)

// cookieName returns the name of a cookie. Over HTTPS it gets the prefix that keeps other hosts and plain HTTP
// from setting it.
func cookieName(secure bool, name string) string {
	if secure {
		return "__Host-tongban-" + name
	}
	return "tongban-" + name
}

// Cookie returns the value of one of this site's cookies, or nothing.
func (s *Site) Cookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(exchangeOf(r.Context()).secure, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// SetCookie gives the browser a cookie that scripts and other sites cannot read; life zero: until the browser ends.
func (s *Site) SetCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	s.sendCookie(w, name, value, int(life/time.Second))
}

func (s *Site) clearCookie(w http.ResponseWriter, name string) { s.sendCookie(w, name, "", -1) }

// sendCookie sets a cookie in place of one this answer has set already under the same name.
func (s *Site) sendCookie(w http.ResponseWriter, name, value string, maxAge int) {
	secure := s.secureAnswer(w)
	c := &http.Cookie{
		Name: cookieName(secure, name), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteLaxMode,
	}
	kept := slices.DeleteFunc(w.Header()["Set-Cookie"], func(line string) bool { return strings.HasPrefix(line, c.Name+"=") })
	w.Header()["Set-Cookie"] = append(kept, c.String())
}

// secureAnswer reports whether the answer goes to a browser that came over HTTPS.
func (s *Site) secureAnswer(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case *exchange:
			return v.secure
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return s.Secure
		}
	}
}

// SetSession gives the browser a session. The cookie ends with the browser; the session itself ends by its own
// rules.
func (s *Site) SetSession(w http.ResponseWriter, secret string) {
	s.SetCookie(w, sessionCookie, secret, 0)
}

// ClearSession takes the session from the browser.
func (s *Site) ClearSession(w http.ResponseWriter) { s.clearCookie(w, sessionCookie) }

// display is how this browser wants to see pages, and in which language.
type display struct {
	ui.Display
	lang string
}

// readDisplay reads the display cookie: theme.contrast.large.dense.language.
func (s *Site) readDisplay(r *http.Request) display {
	d := display{Display: ui.Display{Theme: "auto"}}
	if f := strings.Split(s.Cookie(r, displayCookie), "."); len(f) == 5 {
		d.Theme = oneOf(f[0], "auto", "light", "dark")
		d.Contrast, d.Large, d.Dense = f[1] == "1", f[2] == "1", f[3] == "1"
		d.lang = oneOf(f[4], append([]string{""}, i18n.Languages()...)...)
	}
	if d.lang == "" {
		d.lang = s.Language
		if accept := r.Header.Get("Accept-Language"); accept != "" {
			d.lang = i18n.Match(accept)
		}
	}
	return d
}

// setDisplay changes what the form names and leaves the rest as it is.
func (s *Site) setDisplay(w http.ResponseWriter, r *http.Request) error {
	d, f := s.readDisplay(r), r.PostForm
	if f.Has("theme") {
		d.Theme = oneOf(f.Get("theme"), "auto", "light", "dark")
	}
	if f.Has("lang") {
		d.lang = oneOf(f.Get("lang"), i18n.Languages()...)
	}
	for name, flag := range map[string]*bool{"contrast": &d.Contrast, "large": &d.Large, "dense": &d.Dense} {
		if f.Has(name) {
			*flag = f.Get(name) == "on"
		}
	}
	s.SetCookie(w, displayCookie, strings.Join([]string{d.Theme, bit(d.Contrast), bit(d.Large), bit(d.Dense), d.lang}, "."),
		365*24*time.Hour)
	http.Redirect(w, r, LocalPath(f.Get("return"), "/"), http.StatusSeeOther)
	return nil
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// oneOf returns s if it is one of the choices, else the first of them.
func oneOf(s string, choices ...string) string {
	for _, c := range choices {
		if s == c {
			return s
		}
	}
	return choices[0]
}

// longestPath is how long an address may be that comes out of a form: longer ones are no page of ours, and break
// the head of an answer.
const longestPath = 2000

// LocalPath returns p if it is a path of this site, else fallback. It keeps redirects from leading elsewhere.
func LocalPath(p, fallback string) string {
	if len(p) > longestPath || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.Contains(p, "\\") ||
		!utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl) {
		return fallback
	}
	if u, err := url.Parse(p); err != nil || u.Host != "" || u.Scheme != "" {
		return fallback
	}
	return p
}

// pageBefore is the page of this site the request came from, or fallback. Only its path and query are taken, so that
// it does not matter how a proxy calls us.
func pageBefore(r *http.Request, fallback string) string {
	from := r.Header.Get("HX-Current-URL")
	if from == "" {
		from = r.Referer()
	}
	u, err := url.Parse(from)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return fallback
	}
	return LocalPath(u.RequestURI(), fallback)
}
