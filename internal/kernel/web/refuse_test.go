package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// A body that does not arrive is answered as such, although net/http takes the client for gone.
func TestUnfinishedBodies(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	site.Handle("POST /api/v1/all", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			site.Fail(w, r, web.BadBody(err))
		}
	}))
	server := httptest.NewUnstartedServer(site.Handler())
	server.Config.ReadTimeout = 200 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	for _, tc := range []struct{ path, kind, begin, want string }{
		{"/form", "application/x-www-form-urlencoded", "a=", "没有在规定时间内传完"},
		{"/form", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", "没有在规定时间内传完"},
		{"/api/v1/all", "application/json", "{", `"code":"web.too_slow"`},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n%s", tc.path, tc.kind, tc.begin)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", tc.path, err)
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(body), tc.want) {
			t.Errorf("%s, %s: %d %.300s", tc.path, tc.kind, resp.StatusCode, body)
		}
		_ = conn.Close()
	}
}

func TestRefusedWritesAreCounted(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	c, at := browser(t, newSite(t, func(d *web.Deps) { d.Metrics = reg }))
	do(t, c, "POST", at+"/form", "a=1", "Sec-Fetch-Site", "cross-site")
	do(t, c, "POST", at+"/form", "a=1")
	do(t, c, "POST", at+"/form", "a=1&csrf=made-up")
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if f.GetName() == "tongban_http_refused_total" {
			for _, m := range f.GetMetric() {
				got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	if len(got) != 2 || got["cross_site"] != 1 || got["form_token"] != 2 {
		t.Errorf("counted %v", got)
	}
}

func TestSlashAtTheEnd(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	for _, tc := range []struct {
		method, path string
		status       int
		to           string
	}{
		{"GET", "/form/", 308, "/form"},
		{"HEAD", "/who/?q=%E5%BC%A0&a=1", 308, "/who?q=%E5%BC%A0&a=1"},
		{"GET", "/nowhere/", 404, ""},
		{"POST", "/form/", 404, ""},
		{"GET", "/form%2F", 404, ""},
		{"GET", "/form/%00/", 404, ""},
		{"GET", "/api/v1/who/", 404, ""},
	} {
		resp, _ := do(t, c, tc.method, at+tc.path, "")
		if resp.StatusCode != tc.status || resp.Header.Get("Location") != tc.to {
			t.Errorf("%s %s: %d %q", tc.method, tc.path, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
	for _, path := range []string{"//form/", "/form//", "//evil.example/", "/\\evil.example/", "/%5Cevil.example/"} {
		resp, _ := do(t, c, "GET", at+path, "")
		if to := resp.Header.Get("Location"); to != "" && to != "/form/" && to != "/form" {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

// Staff who go wrong in the console keep their menu; nobody else is shown one.
func TestErrorPagesInTheConsole(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	site.Menu(web.MenuItem{Face: ui.Console, Label: "web.home", Href: "/who", Permission: "desk.open"})
	bare := newSite(t, nil) // whose menu has nothing for the person
	bare.Menu(web.MenuItem{Face: ui.Console, Label: "web.home", Href: "/who", Permission: "desk.close"})
	const session = "tongban-session=good-session"
	for _, tc := range []struct {
		site         *web.Site
		path, cookie string
		status       int
		console      bool
	}{
		{site, "/console/nowhere", session, 404, true},
		{site, "/console/nowhere/", session, 404, true},
		{site, "/denied", session, 403, true},
		{site, "/conflict", session, 409, true},
		{site, "/console/nowhere", "", 404, false},
		{site, "/denied", "", 403, false},
		{site, "/secret", session, 500, false},
		{site, "/nowhere", session, 404, false},
		{site, "/consoles", session, 404, false},
		{bare, "/console/nowhere", session, 404, false},
		{bare, "/denied", session, 403, false},
	} {
		c, at := browser(t, tc.site)
		resp, page := do(t, c, "GET", at+tc.path, "", "Cookie", tc.cookie)
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		console := doc.Find("html[data-face=console]").Length() == 1
		menu := doc.Find("nav a[href='/who']").Length() > 0 && strings.Contains(page, "张三")
		if resp.StatusCode != tc.status || console != tc.console || menu != tc.console || doc.Find("h1").Length() != 1 {
			t.Errorf("%s %q: %d, console %t, menu %t: %s", tc.path, tc.cookie, resp.StatusCode, console, menu, page)
		}
		if home := doc.Find(".tb-result-actions a").AttrOr("href", ""); tc.path != "/secret" && (home == "/console") != tc.console {
			t.Errorf("%s %q: home is %s", tc.path, tc.cookie, home)
		}
	}
}

// What is wrong is said where there is no form to say it at, too.
func TestErrorPagesListTheFaults(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	site.Page("GET /bulk", ui.Console, func(http.ResponseWriter, *http.Request) error {
		return errs.InvalidFields(errs.Field{Name: "id", Code: "too_few", Params: map[string]any{"min": 1}},
			errs.Field{Name: "other", Code: "too_few", Params: map[string]any{"min": 1}}, errs.Field{Name: "reason", Code: "bad_text"})
	})
	c, at := browser(t, site)
	resp, page := do(t, c, "GET", at+"/bulk", "")
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	if got := doc.Find(".tb-result-faults li").Map(func(_ int, li *goquery.Selection) string { return li.Text() }); resp.StatusCode != 422 ||
		strings.Join(got, "|") != "至少需要 1 项。|含有空字符或不是有效的 Unicode 字符。" {
		t.Errorf("%d %q", resp.StatusCode, got)
	}
}
