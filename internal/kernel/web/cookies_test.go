package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// A status line counts for a minute, however long somebody keeps the cookie, and prints numbers as they were.
func TestStatusLineAges(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	site := newSite(t, func(d *web.Deps) { d.Clock = now })
	site.Page("POST /count", ui.Plain, func(w http.ResponseWriter, r *http.Request) error {
		return site.Done(w, r, "/form", op.Receipt{}, "web.and_more", "count", 1_000_000)
	})
	c, at := browser(t, site)
	_, page := do(t, c, "GET", at+"/form", "")
	key := token(t, page)
	resp, _ := do(t, c, "POST", at+"/count", "a=b", "X-Form-Token", key)
	kept := resp.Cookies()[0]
	if kept.MaxAge != 0 || !kept.Expires.IsZero() {
		t.Errorf("the status line is kept on the disk: %v", kept)
	}
	if _, page = do(t, c, "GET", at+"/form", ""); !strings.Contains(page, "另外 1000000 项") {
		t.Error("a million prints otherwise")
	}
	now.Advance(61 * time.Second)
	if _, page = do(t, c, "GET", at+"/form", "", "Cookie", kept.Name+"="+kept.Value); strings.Contains(page, "另外") {
		t.Error("an old status line came again")
	}
}

// However much an operation has to say, the cookie fits into a browser.
func TestStatusLineIsSmall(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	site.Page("POST /long", ui.Plain, func(w http.ResponseWriter, r *http.Request) error {
		var pairs []any
		for i := range 40 {
			pairs = append(pairs, fmt.Sprint("name", i), strings.Repeat("长", i*100))
		}
		return site.Done(w, r, "/form", op.Receipt{}, "web.undone", pairs...)
	})
	c, at := browser(t, site)
	_, page := do(t, c, "GET", at+"/form", "")
	resp, _ := do(t, c, "POST", at+"/long", "a=b", "X-Form-Token", token(t, page))
	for _, line := range resp.Header.Values("Set-Cookie") {
		if len(line) > 4000 {
			t.Errorf("a cookie of %d bytes", len(line))
		}
	}
	if resp.StatusCode != 303 {
		t.Errorf("%d", resp.StatusCode)
	}
}

// A cookie that is none of ours is replaced, and the page that replaces it can be sent.
func TestUnfitFormCookieIsReplaced(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	u, _ := url.Parse(at)
	c.Jar.SetCookies(u, []*http.Cookie{{Name: "tongban-form", Value: "fixed-by-somebody", Path: "/"}})
	resp, page := do(t, c, "GET", at+"/form", "")
	if n := len(resp.Cookies()); n != 1 || resp.Cookies()[0].Value == "fixed-by-somebody" {
		t.Fatalf("%d cookies: %v", n, resp.Cookies())
	}
	if resp, _ := do(t, c, "POST", at+"/form", "a=b", "X-Form-Token", token(t, page)); resp.StatusCode != 303 {
		t.Errorf("the form of that page: %d", resp.StatusCode)
	}
}

// A session cookie somebody planted gives nobody's rights and is taken away; signing in always makes a new one.
func TestPlantedSession(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	site.Page("POST /enter", ui.Plain, func(w http.ResponseWriter, r *http.Request) error {
		site.SetSession(w, "good-session")
		return site.Done(w, r, "/form", op.Receipt{}, "web.undone")
	})
	c, at := browser(t, site)
	_, page := do(t, c, "GET", at+"/form", "")
	resp, _ := do(t, c, "POST", at+"/enter", "a=b", "X-Form-Token", token(t, page), "Cookie", "tongban-session=planted")
	var values []string
	for _, cookie := range resp.Cookies() {
		if cookie.Name == "tongban-session" {
			values = append(values, cookie.Value)
		}
	}
	if !slices.Equal(values, []string{"good-session"}) {
		t.Errorf("the answer sets the session to %q, want the new one alone", values)
	}
}

// Thousands of cookies and languages cost little and break nothing.
func TestHugeHeaders(t *testing.T) {
	t.Parallel()
	h := newSite(t, nil).Handler()
	r := httptest.NewRequest("GET", "/form", nil)
	r.Header.Set("Cookie", strings.Repeat("tongban-flash=a; ", 3500)+"tongban-display=dark.1.1.1.en")
	r.Header.Set("Accept-Language", strings.Repeat("fr-CH;q=0.9,", 5000))
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
}

func TestKeysOfForms(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	key := token(t, page)
	for id, want := range map[string]int{"ok-1": 303, strings.Repeat("x", 101): 422, "a b": 422, "编号": 422, "a\nb": 422} {
		if resp, _ := do(t, c, "POST", at+"/form", url.Values{"form_id": {id}}.Encode(), "X-Form-Token", key); resp.StatusCode != want {
			t.Errorf("form_id %q: %d, want %d", id, resp.StatusCode, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"br": true, "gzip, br": true, "BR;q=0.5": true, "br; q=1.0": true, "br;q=0": false, "br;q=0.0": false, "br;q=x": false,
		"x-br": false, "brotli": false, "": false, "*": false,
	} {
		if got := web.Accepts(header, "br"); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	h := newSite(t, nil).Handler()
	for site, want := range map[string]string{"cross-site": "", "same-origin": "br", "none": "br"} {
		r := httptest.NewRequest("GET", "/who", nil)
		r.Header = http.Header{"Sec-Fetch-Site": {site}, "Accept-Encoding": {"br"}, "Cookie": {"tongban-session=good-session"}}
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Header().Get("Content-Encoding") != want {
			t.Errorf("a signed-in person's page, asked for by %s, is encoded %q", site, w.Header().Get("Content-Encoding"))
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", "/\\evil.example", "/\tevil", "/a?b=//c", "/%2f%2fevil.example", "/a:b", "/\u2028x", "/?\x7f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, p string) {
		got := web.LocalPath(p, "/fallback")
		if got == "/fallback" {
			return
		}
		// What browsers make of it: they take a backslash for a slash and leave out tabs and line ends.
		seen := strings.NewReplacer("\\", "/", "\t", "", "\n", "", "\r", "").Replace(got)
		base := &url.URL{Scheme: "https", Host: "site.example", Path: "/a/b"}
		u, err := base.Parse(seen)
		if err != nil || u.Host != "site.example" || u.Scheme != "https" || u.User != nil {
			t.Errorf("LocalPath(%q) leads to %v: %v", p, u, err)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest("POST", "/", nil), got, http.StatusSeeOther)
		if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\r\n\\") {
			t.Errorf("LocalPath(%q) redirects to %q", p, to)
		}
	})
}

func FuzzDisplayCookie(f *testing.F) {
	f.Add("dark.1.0.1.en")
	f.Add("auto.0.0.0.")
	f.Add("<script>.2.x..zh-CN")
	site := newSite(f, nil)
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", "tongban-display="+value)
		d, lang := site.ReadDisplay(r)
		if !slices.Contains([]string{"auto", "light", "dark"}, d.Theme) || !slices.Contains(i18n.Languages(), lang) {
			t.Errorf("%q: theme %q, language %q", value, d.Theme, lang)
		}
	})
}

func FuzzFlashCookie(f *testing.F) {
	site := newSite(f, nil)
	r := httptest.NewRequest("POST", "/", nil)
	w := httptest.NewRecorder()
	if err := site.Done(w, r, "/", op.Receipt{}, "web.undone", "a", "b"); err != nil {
		f.Fatal(err)
	}
	good := w.Result().Cookies()[0].Value
	if !site.ReadFlash(good) {
		f.Fatal("our own status line does not count")
	}
	f.Add(good[:len(good)-1])
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, value string) {
		if strings.NewReplacer("\r", "", "\n", "").Replace(value) != good && site.ReadFlash(value) {
			t.Errorf("%q counts", value)
		}
	})
}
