package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"
	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/spec"
)

// sessions knows one session and one token.
type sessions struct{}

func (sessions) Authenticate(_ context.Context, secret string) (op.Actor, error) {
	if secret != "good-session" {
		return op.Actor{}, op.ErrSessionRequired
	}
	return op.Actor{Kind: op.Person, ID: "p1", Name: "张三", Permissions: map[op.Permission]bool{"desk.open": true}}, nil
}

func (sessions) AuthenticateToken(_ context.Context, token string) (op.Actor, error) {
	if token != "good-token" {
		return op.Actor{}, op.ErrSessionRequired
	}
	return op.Actor{Kind: op.Service, ID: "s1"}, nil
}

var errClosed = errs.Define(errs.Conflict, "web.too_many")

// newSite returns a site with a form, a page, and pages that fail in each way.
func newSite(t testing.TB, change func(*web.Deps)) *web.Site {
	t.Helper()
	bundle, err := i18n.New(i18n.Words, web.Words, ui.Words)
	if err != nil {
		t.Fatal(err)
	}
	d := web.Deps{
		Bundle: bundle, Zone: time.UTC, Language: i18n.ZhCN, Clock: clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)),
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Sessions: sessions{}, Key: []byte("key of the test"),
		Org: func(context.Context) string { return "测试机构" }, BodyLimit: 2000,
	}
	if change != nil {
		change(&d)
	}
	site, err := web.New(d)
	if err != nil {
		t.Fatal(err)
	}
	site.Page("GET /form", ui.Plain, func(w http.ResponseWriter, r *http.Request) error {
		return site.Render(w, r, web.Page{Title: "表单", Body: ui.Form(ui.FormView{Action: "/form"})})
	})
	site.Page("POST /form", ui.Plain, func(w http.ResponseWriter, r *http.Request) error {
		return site.Done(w, r, "/form", op.Receipt{}, "web.undone")
	})
	site.Page("GET /who", ui.Console, func(w http.ResponseWriter, r *http.Request) error {
		a := op.ActorFrom(r.Context())
		return site.Render(w, r, web.Page{Title: "who", Body: templ.Raw("<p id=who>" + string(a.Kind) + " " + a.Addr + "</p>" + strings.Repeat("<p>长</p>", 500)),
			Fragment: templ.Raw("<i>part</i>")})
	})
	for path, failure := range map[string]error{
		"/secret": io.ErrUnexpectedEOF, "/needs-session": op.ErrSessionRequired, "/denied": op.ErrDenied, "/conflict": errClosed,
	} {
		site.Page("GET "+path, ui.Console, func(http.ResponseWriter, *http.Request) error { return failure })
	}
	site.Page("GET /panics", ui.Console, func(http.ResponseWriter, *http.Request) error { panic("the secret of the handler") })
	site.Handle("GET /api/v1/who", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, string(op.ActorFrom(r.Context()).Kind))
	}))
	site.Handle("POST /api/v1/read", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	return site
}

// browser serves the site and returns a client that keeps cookies and follows nothing.
func browser(t testing.TB, site *web.Site) (*http.Client, string) {
	t.Helper()
	server := httptest.NewServer(site.Handler())
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, server.URL
}

func do(t *testing.T, c *http.Client, method, to, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func token(t *testing.T, page string) string {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	v, ok := doc.Find("form[action='/form'] input[name=csrf]").Attr("value")
	if !ok {
		t.Fatalf("no form token in %s", page)
	}
	return v
}

func TestFormNeedsItsToken(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	good := token(t, page)
	_, again := do(t, c, "GET", at+"/form", "")
	if token(t, again) == good {
		t.Error("two pages carry the same token, so a compressed page gives it away")
	}
	other, _ := browser(t, newSite(t, nil))
	for _, tc := range []struct {
		name   string
		client *http.Client
		body   string
		header []string
		status int
	}{
		{"with token", c, "csrf=" + url.QueryEscape(good), nil, 303},
		{"older page of the same browser", c, "csrf=" + url.QueryEscape(token(t, again)), nil, 303},
		{"no token", c, "a=b", nil, 403},
		{"changed token", c, "csrf=A" + url.QueryEscape(good[1:]), nil, 403},
		{"token of another browser", other, "csrf=" + url.QueryEscape(good), nil, 403},
		{"from another site", c, "csrf=" + url.QueryEscape(good), []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"from another origin", c, "csrf=" + url.QueryEscape(good), []string{"Origin", "https://evil.example"}, 403},
		{"token in the header of our script", c, "a=b", []string{"X-Form-Token", good}, 303},
		{"too large", c, "csrf=" + url.QueryEscape(good) + "&a=" + strings.Repeat("x", 3000), nil, 413},
		{"malformed", c, "csrf=%zz", nil, 400},
	} {
		if resp, _ := do(t, tc.client, "POST", at+"/form", tc.body, tc.header...); resp.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d", tc.name, resp.StatusCode, tc.status)
		}
	}
}

func TestStatusLineSurvivesTheRedirectOnce(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	do(t, c, "POST", at+"/form", "csrf="+url.QueryEscape(token(t, page)))
	if _, page = do(t, c, "GET", at+"/form", ""); !strings.Contains(page, "已撤销") {
		t.Error("the status line is missing")
	}
	if _, page = do(t, c, "GET", at+"/form", ""); strings.Contains(page, "已撤销") {
		t.Error("the status line came twice")
	}
	u, _ := url.Parse(at)
	c.Jar.SetCookies(u, []*http.Cookie{{Name: "tongban-flash", Value: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Path: "/"}})
	if resp, page := do(t, c, "GET", at+"/form", ""); resp.StatusCode != 200 || strings.Contains(page, "flash-") {
		t.Errorf("a forged status line: %d", resp.StatusCode)
	}
}

func TestFailuresBecomePages(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	for _, tc := range []struct {
		path     string
		status   int
		want, no string
	}{
		{"/secret", 500, "系统出了点问题", "unexpected EOF"},
		{"/panics", 500, "系统出了点问题", "secret of the handler"},
		{"/denied", 403, "没有权限", ""},
		{"/conflict", 409, "操作过于频繁", ""},
		{"/nowhere", 404, "没有这个页面", ""},
		{"/..%2f..%2fetc%2fpasswd", 404, "没有这个页面", "root:"},
		{"/form/%00", 404, "没有这个页面", ""},
	} {
		resp, page := do(t, c, "GET", at+tc.path, "")
		if resp.StatusCode != tc.status || !strings.Contains(page, tc.want) || (tc.no != "" && strings.Contains(page, tc.no)) {
			t.Errorf("%s: %d %s", tc.path, resp.StatusCode, page)
		}
		if id := resp.Header.Get("X-Request-Id"); id == "" || !strings.Contains(page, id) {
			t.Errorf("%s: the page does not show the request id %q", tc.path, id)
		}
	}
	resp, _ := do(t, c, "GET", at+"/needs-session?a=1&b=2", "")
	if got := resp.Header.Get("Location"); resp.StatusCode != 303 || got != "/sign-in?next=%2Fneeds-session%3Fa%3D1%26b%3D2" {
		t.Errorf("sign-in: %d %s", resp.StatusCode, got)
	}
	resp, _ = do(t, c, "GET", at+"/needs-session", "", "HX-Request", "true")
	if resp.StatusCode != 401 || resp.Header.Get("HX-Redirect") == "" {
		t.Errorf("sign-in by htmx: %d %v", resp.StatusCode, resp.Header)
	}
}

func TestEveryAnswerIsProtected(t *testing.T) {
	t.Parallel()
	spec.Covers(t, "MB-pi.protect-14")
	site := newSite(t, func(d *web.Deps) { d.Secure = true })
	c, at := browser(t, site)
	nonces := map[string]bool{}
	paths := []string{"/nowhere", "/form?q=%00", "/api/v1/nowhere"}
	for _, route := range site.Routes() {
		if path, ok := strings.CutPrefix(route.Pattern, "GET "); ok {
			paths = append(paths, path)
		}
	}
	if _, page := do(t, c, "GET", at+"/who", "", "Cookie", "__Host-tongban-session=good-session"); !strings.Contains(page, "person") {
		t.Fatal("the test asks as nobody")
	}
	for _, path := range paths {
		resp, _ := do(t, c, "GET", at+path, "", "Cookie", "__Host-tongban-session=good-session")
		csp := resp.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || nonces[csp] {
			t.Errorf("%s: the policy is lax or repeats its nonce: %s", path, csp)
		}
		nonces[csp] = true
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		for _, cookie := range resp.Cookies() {
			if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || !strings.HasPrefix(cookie.Name, "__Host-") {
				t.Errorf("%s: lax cookie %s", path, cookie)
			}
		}
	}
}

func TestPagesTakeSessionsAndTheAPITakesTokens(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	for _, tc := range []struct {
		name, path string
		header     []string
		status     int
		want       string
	}{
		{"nobody", "/who", nil, 200, "anonymous"},
		{"session", "/who", []string{"Cookie", "tongban-session=good-session"}, 200, "person"},
		{"ended session", "/who", []string{"Cookie", "tongban-session=old"}, 200, "anonymous"},
		{"token on a page", "/who", []string{"Authorization", "Bearer good-token"}, 200, "anonymous"},
		{"token", "/api/v1/who", []string{"Authorization", "Bearer good-token"}, 200, "service"},
		{"session in the API", "/api/v1/who", []string{"Cookie", "tongban-session=good-session"}, 200, "anonymous"},
		{"wrong token", "/api/v1/who", []string{"Authorization", "Bearer bad"}, 401, "session_required"},
	} {
		resp, page := do(t, c, "GET", at+tc.path, "", tc.header...)
		if resp.StatusCode != tc.status || !strings.Contains(page, tc.want) {
			t.Errorf("%s: %d %.200s", tc.name, resp.StatusCode, page)
		}
	}
}

func TestAddressComesFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, trusted, forwarded, want string }{
		{"nobody trusted", "", "203.0.113.9", "127.0.0.1"},
		{"proxy trusted", "127.0.0.0/8", "203.0.113.9", "203.0.113.9"},
		{"forged first hop", "127.0.0.0/8", "10.9.9.9, 203.0.113.9", "203.0.113.9"},
		{"two proxies", "127.0.0.0/8", "203.0.113.9, 127.0.0.2", "203.0.113.9"},
		{"junk", "127.0.0.0/8", "<script>", "127.0.0.1"},
	} {
		site := newSite(t, func(d *web.Deps) {
			if tc.trusted != "" {
				d.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(tc.trusted)}
			}
		})
		c, at := browser(t, site)
		if _, page := do(t, c, "GET", at+"/who", "", "X-Forwarded-For", tc.forwarded); !strings.Contains(page, "anonymous "+tc.want+"<") {
			t.Errorf("%s: %.300s", tc.name, page)
		}
	}
}

func TestLimitPerAddress(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	c, at := browser(t, newSite(t, func(d *web.Deps) { d.RatePerSecond, d.RateBurst, d.Clock = 1, 3, now }))
	for i := range 3 {
		if resp, _ := do(t, c, "GET", at+"/form", ""); resp.StatusCode != 200 {
			t.Fatalf("request %d: %d", i, resp.StatusCode)
		}
	}
	resp, _ := do(t, c, "GET", at+"/form", "")
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("over the limit: %d %v", resp.StatusCode, resp.Header)
	}
	now.Advance(time.Second)
	if resp, _ := do(t, c, "GET", at+"/form", ""); resp.StatusCode != 200 {
		t.Errorf("a second later: %d", resp.StatusCode)
	}
}

func TestFragmentAndCompression(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	if _, page := do(t, c, "GET", at+"/who", "", "HX-Request", "true", "HX-Request-Type", "partial"); page != "<i>part</i>" {
		t.Errorf("fragment: %q", page)
	}
	if _, page := do(t, c, "GET", at+"/who", "", "HX-Request", "true", "HX-Request-Type", "full"); !strings.Contains(page, "<html") {
		t.Errorf("whole page: %.100q", page)
	}
	resp, packed := do(t, c, "GET", at+"/who", "", "Accept-Encoding", "gzip, br")
	if resp.Header.Get("Content-Encoding") != "br" || !strings.Contains(strings.Join(resp.Header.Values("Vary"), ","), "Accept-Encoding") {
		t.Fatalf("not compressed: %v", resp.Header)
	}
	page, err := io.ReadAll(brotli.NewReader(strings.NewReader(packed)))
	if err != nil || !strings.Contains(string(page), "id=who") {
		t.Errorf("compressed page: %v", err)
	}
}

func TestDisplayIsKept(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	form := "csrf=" + url.QueryEscape(token(t, page)) + "&return=%2Fform"
	for _, wish := range []string{"lang=en", "theme=dark", "large=on", "contrast=on"} {
		if resp, _ := do(t, c, "POST", at+"/display", form+"&"+wish); resp.StatusCode != 303 || resp.Header.Get("Location") != "/form" {
			t.Fatalf("%s: %d", wish, resp.StatusCode)
		}
	}
	_, page = do(t, c, "GET", at+"/form", "")
	for _, want := range []string{`lang="en"`, `data-bs-theme="dark"`, "data-large", "data-contrast"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s: %.300s", want, page)
		}
	}
	if resp, _ := do(t, c, "POST", at+"/display", form+"&theme=dark&return=https://evil.example"); resp.Header.Get("Location") != "/form" {
		t.Errorf("led to %s", resp.Header.Get("Location"))
	}
}

func TestLocalPathLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/console?a=1": "/console?a=1", "": "/x", "https://evil.example": "/x", "//evil.example": "/x", "/\\evil.example": "/x",
		"/a\r\nSet-Cookie: x": "/x", "/\tevil": "/x", "javascript:alert(1)": "/x",
		"/" + strings.Repeat("a", 3000): "/x", "/\xff": "/x", "/%zz": "/x", "/a//b": "/a//b",
	} {
		if got := web.LocalPath(in, "/x"); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", in, got, want)
		}
	}
}
