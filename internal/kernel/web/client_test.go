package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/web"
)

var noReceipt op.Receipt

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24")}

// trusting trusts the proxy that a test is.
func trusting(d *web.Deps) { d.TrustedProxies = loopback }

func TestForwardedFor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, peer, forwarded, want string }{
		{"IPv6", "127.0.0.1:1", "2001:db8::1", "2001:db8::1"},
		{"with a port", "127.0.0.1:1", "203.0.113.9:4711", "203.0.113.9"},
		{"IPv6 with a port", "127.0.0.1:1", "[2001:db8::1]:4711", "2001:db8::1"},
		{"a zone may be any text", "127.0.0.1:1", "fe80::1%<script>", "fe80::1"},
		{"IPv4 in IPv6", "127.0.0.1:1", "::ffff:203.0.113.9", "203.0.113.9"},
		{"peer as IPv4 in IPv6", "[::ffff:127.0.0.1]:1", "203.0.113.9", "203.0.113.9"},
		{"peer with a zone", "[fe80::1%eth0]:1", "203.0.113.9", "fe80::1"},
		{"all trusted", "127.0.0.1:1", "127.0.0.3, 127.0.0.2", "127.0.0.3"},
		{"junk before the proxy", "127.0.0.1:1", "junk, 127.0.0.2", "127.0.0.2"},
		{"empty", "127.0.0.1:1", " , ", "127.0.0.1"},
		{"endless", "127.0.0.1:1", "203.0.113.9" + strings.Repeat(",127.0.0.2", 10_000), "127.0.0.2"},
		{"no address", "@", "203.0.113.9", "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tc.peer
		r.Header.Set("X-Forwarded-For", tc.forwarded)
		if got := web.ClientAddr(loopback, r); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// Where a proxy ends TLS, its word makes cookies secure; anybody else's does not.
func TestForwardedProto(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, peer, proto string
		secure            bool
	}{
		{"proxy with TLS", "127.0.0.1:1", "https", true},
		{"proxy without", "127.0.0.1:1", "http", false},
		{"proxy that says nothing", "127.0.0.1:1", "", false},
		{"the nearest counts", "127.0.0.1:1", "https, http", false},
		{"not a proxy", "203.0.113.9:1", "https", false},
	} {
		r := httptest.NewRequest("GET", "/form", nil)
		r.RemoteAddr = tc.peer
		r.Header.Set("X-Forwarded-Proto", tc.proto)
		w := httptest.NewRecorder()
		newSite(t, trusting).Handler().ServeHTTP(w, r)
		cookies := w.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Secure != tc.secure || strings.HasPrefix(cookies[0].Name, "__Host-") != tc.secure ||
			(w.Header().Get("Strict-Transport-Security") != "") != tc.secure {
			t.Errorf("%s: %v", tc.name, w.Header())
		}
	}
}

// Behind a proxy that changes the Host header, browsers are recognised by the configured origin.
func TestOriginBehindAProxy(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, func(d *web.Deps) { d.Origin = "https://desk.example" }))
	_, page := do(t, c, "GET", at+"/form", "")
	for origin, want := range map[string]int{"https://desk.example": 303, "https://desk.example.evil.example": 403, "null": 403} {
		if resp, _ := do(t, c, "POST", at+"/form", "a=b", "X-Form-Token", token(t, page), "Origin", origin); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", origin, resp.StatusCode, want)
		}
	}
}

// The way back from signing in is the page that holds the form or the fragment, however the proxy calls us.
func TestSignInLeadsBackToThePage(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	for _, tc := range []struct {
		name   string
		header []string
		want   string
	}{
		{"page", nil, "/sign-in?next=%2Fneeds-session"},
		{"fragment", []string{"HX-Request", "true", "HX-Current-URL", "https://desk.example/list?a=1#x"}, "/sign-in?next=%2Flist%3Fa%3D1"},
		{"fragment of nowhere", []string{"HX-Request", "true"}, "/sign-in?next=%2F"},
		{"hostile address", []string{"HX-Request", "true", "HX-Current-URL", "https://a//evil.example/"}, "/sign-in?next=%2F"},
		{"hostile scheme", []string{"HX-Request", "true", "HX-Current-URL", "javascript:alert(1)"}, "/sign-in?next=%2F"},
	} {
		resp, _ := do(t, c, "GET", at+"/needs-session", "", tc.header...)
		if got := resp.Header.Get("Location") + resp.Header.Get("HX-Redirect"); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// How an address is spelt does not decide how it is protected.
func TestPathTricksKeepTheProtection(t *testing.T) {
	t.Parallel()
	h := newSite(t, nil).Handler()
	for _, path := range []string{"/api/../form", "/api/%2e%2e/form", "/api%2f../form", "//api//form", "/assets/../form", "/assets%2f..%2fform"} {
		r := httptest.NewRequest("POST", "http://x"+path, strings.NewReader("a=b"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden && w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	r := httptest.NewRequest("GET", "/%61pi/v1/who", nil)
	r.Header.Set("Cookie", "tongban-session=good-session")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Body.String() != "anonymous" {
		t.Errorf("a session counts in the API: %s", w.Body)
	}
}

func TestLimitsCountNetworks(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	l := web.NewLimiter(0.5, 2, now)
	for _, addr := range []string{"2001:db8:1:2::1", "2001:db8:1:2:ffff::2"} {
		if wait := l.Take(addr); wait != 0 {
			t.Errorf("%s waits %v", addr, wait)
		}
	}
	if wait := l.Take("2001:db8:1:2::3"); wait != 2*time.Second {
		t.Errorf("the third address of the network waits %v, want 2s", wait)
	}
	if wait := l.Take("2001:db8:1:3::1") + l.Take("203.0.113.1") + l.Take("203.0.113.2"); wait != 0 {
		t.Errorf("other networks wait %v", wait)
	}
	now.Advance(2 * time.Minute)
	if l.Take("203.0.113.9"); l.Size() != 1 {
		t.Errorf("%d addresses are remembered, want 1", l.Size())
	}
}

// However many addresses ask within a minute, the memory is bounded and newcomers get in.
func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := web.NewLimiter(1, 1, clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)))
	for i := range web.MostBuckets + 100 {
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()
		if wait := l.Take(addr); wait != 0 {
			t.Fatalf("newcomer %d waits %v", i, wait)
		}
	}
	if l.Size() > web.MostBuckets {
		t.Errorf("%d addresses are remembered", l.Size())
	}
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("203.0.113.9, 127.0.0.1")
	f.Add("fe80::1%<script>")
	f.Add("[::1]:80,,")
	f.Fuzz(func(t *testing.T, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("X-Forwarded-For", forwarded)
		got, err := netip.ParseAddr(web.ClientAddr(loopback, r))
		if err != nil || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q is no plain address: %v", got, err)
		}
	})
}
