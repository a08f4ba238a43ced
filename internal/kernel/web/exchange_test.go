package web_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// get returns an answer that may be broken off.
func get(t *testing.T, to string) (*http.Response, string, error) {
	t.Helper()
	resp, err := http.Get(to)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// A failure after the first byte breaks the connection off: no error page behind half a file, and no half file that
// looks whole.
func TestBegunAnswersAreBrokenOff(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	begin := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, "first line\n")
		_ = http.NewResponseController(w).Flush()
	}
	site.Page("GET /fails", ui.Console, func(w http.ResponseWriter, _ *http.Request) error { begin(w); return errors.New("disk") })
	site.Page("GET /panics-late", ui.Console, func(w http.ResponseWriter, _ *http.Request) error { begin(w); panic("late") })
	site.Handle("GET /gives-up", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { begin(w); panic(http.ErrAbortHandler) }))
	site.Handle("GET /api/v1/panics-late", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { begin(w); panic("late") }))
	site.Handle("GET /gives-up-at-once", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	server := httptest.NewServer(site.Handler())
	t.Cleanup(server.Close)
	if resp, _, err := get(t, server.URL+"/gives-up-at-once"); err == nil {
		t.Errorf("who gave up at once was answered %d", resp.StatusCode)
	}
	for _, path := range []string{"/fails", "/panics-late", "/gives-up", "/api/v1/panics-late"} {
		if _, body, err := get(t, server.URL+path); err == nil || body != "first line\n" {
			t.Errorf("%s: %q, %v; want the line and a broken connection", path, body, err)
		}
	}
}

// An error page does not inherit what the handler had set for its own answer.
func TestErrorPageIsNoAttachment(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	site.Page("GET /file", ui.Console, func(w http.ResponseWriter, _ *http.Request) error {
		for _, name := range []string{"Content-Disposition", "Content-Length", "Content-Encoding", "Etag"} {
			w.Header().Set(name, "12")
		}
		return errors.New("disk")
	})
	c, at := browser(t, site)
	resp, page := do(t, c, "GET", at+"/file", "")
	if resp.StatusCode != 500 || !strings.Contains(page, "系统出了点问题") || resp.Header.Get("Content-Disposition") != "" || resp.Header.Get("Etag") != "" {
		t.Errorf("%d %v %.100s", resp.StatusCode, resp.Header, page)
	}
}

// An error page that panics itself still ends in an answer.
func TestErrorPageThatPanics(t *testing.T) {
	t.Parallel()
	site := newSite(t, func(d *web.Deps) { d.Org = nil })
	c, at := browser(t, site)
	if resp, page := do(t, c, "GET", at+"/form", ""); resp.StatusCode != 500 || page != "" {
		t.Errorf("%d %q", resp.StatusCode, page)
	}
}

// Every request is counted, and no client can make up a label.
func TestMetricsCountRoutesOnly(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	site := newSite(t, func(d *web.Deps) { d.Metrics = reg })
	site.Page("GET /thing/{id}/", ui.Console, func(http.ResponseWriter, *http.Request) error { return nil })
	c, at := browser(t, site)
	for _, path := range []string{"/form", "/form?x=1", "/made-up", "/thing/made-up/", "/thing/made-up", "/a/../made-up", "/panics"} {
		do(t, c, "GET", at+path, "")
	}
	do(t, c, "MADEUP", at+"/form", "")
	raw(t, strings.TrimPrefix(at, "http://"), []byte("CONNECT /thing/made-up HTTP/1.1\r\nHost: a\r\n\r\n"))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "tongban_http_requests_total" {
				got[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	for label := range got {
		if strings.Contains(strings.ToLower(label), "made") {
			t.Errorf("a label from outside: %q", label)
		}
	}
	for label, want := range map[string]float64{"GET /form 200": 2, "GET /thing/{id}/ 200": 1, "GET /panics 500": 1} {
		if got[label] != want {
			t.Errorf("%s counts %v, want %v; all: %v", label, got[label], want, got)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	for _, tc := range []struct {
		method, path string
		status       int
		allow, body  string
	}{
		{"DELETE", "/form", 405, "GET, HEAD, POST, OPTIONS", "DELETE"},
		{"OPTIONS", "/form", 204, "GET, HEAD, POST, OPTIONS", ""},
		{"TRACE", "/who", 405, "GET, HEAD, OPTIONS", ""},
		{"OPTIONS", "/nowhere", 404, "", "没有这个页面"},
		{"POST", "/nowhere", 404, "", "没有这个页面"},
		{"DELETE", "/api/v1/who", 405, "GET, HEAD, OPTIONS", `"code":"web.method"`},
		{"POST", "/api/v1/nowhere", 404, "", `"code":"web.no_page"`},
		{"GET", "/api", 404, "", `"code":"web.no_page"`},
	} {
		resp, body := do(t, c, tc.method, at+tc.path, "")
		if resp.StatusCode != tc.status || resp.Header.Get("Allow") != tc.allow || !strings.Contains(body, tc.body) {
			t.Errorf("%s %s: %d, allow %q, %.200s", tc.method, tc.path, resp.StatusCode, resp.Header.Get("Allow"), body)
		}
		if problem := strings.HasPrefix(tc.path, "/api"); problem != (resp.Header.Get("Content-Type") == "application/problem+json") {
			t.Errorf("%s %s: %s", tc.method, tc.path, resp.Header.Get("Content-Type"))
		}
	}
}

// HEAD gets what GET gets, without a body and without using up the status line.
func TestHead(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	do(t, c, "POST", at+"/form", "a=b", "X-Form-Token", token(t, page))
	resp, body := do(t, c, "HEAD", at+"/form", "")
	if resp.StatusCode != 200 || body != "" || resp.ContentLength < 1000 {
		t.Errorf("%d, %d bytes of %d", resp.StatusCode, len(body), resp.ContentLength)
	}
	do(t, c, "GET", at+"/form", "", "HX-Request-Type", "partial") // nor does a part of a page, which does not show it
	if _, page = do(t, c, "GET", at+"/form", ""); !strings.Contains(page, "已撤销") {
		t.Error("the status line is gone")
	}
}

// paceWriter remembers the deadlines it is given.
type paceWriter struct {
	*httptest.ResponseRecorder
	until []time.Time
}

func (w *paceWriter) SetWriteDeadline(until time.Time) error {
	w.until = append(w.until, until)
	return nil
}

// Each piece of an answer has a deadline, which a handler may set itself, as the live stream does.
func TestSlowReadersAreDropped(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	own := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	site.Handle("GET /stream", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(own)
		_, _ = io.WriteString(w, "a")
	}))
	for path, check := range map[string]func(until []time.Time) bool{
		"/form":   func(until []time.Time) bool { return len(until) >= 3 && !slices.Contains(until, own) },
		"/stream": func(until []time.Time) bool { return len(until) == 2 && until[1].Equal(own) },
	} {
		w := &paceWriter{ResponseRecorder: httptest.NewRecorder()}
		site.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if !check(w.until) {
			t.Errorf("%s: %v", path, w.until)
		}
	}
}
