package web_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// corpus returns a file of hostile inputs that lies beside the repository; nothing where it does not.
func corpus(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../../../shared/data/bad-input", name))
	if err != nil {
		t.Logf("without %s: %v", name, err)
	}
	return raw
}

// binaries are the inputs of a corpus that is packed as JSON lines.
func binaries(t testing.TB, name string) [][]byte {
	t.Helper()
	var all [][]byte
	for line := range bytes.Lines(corpus(t, name)) {
		var packed struct{ Base64 string }
		if err := json.Unmarshal(line, &packed); err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(packed.Base64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// naughty are hostile texts: a handful that is always there, and the corpora.
func naughty(t testing.TB) []string {
	t.Helper()
	all := []string{
		`"><script>alert(1)</script>`, `' onfocus=alert(1) autofocus x='`, `{{7*7}}`, `' or 1=1 --`, "\u202e表单", "a\r\nSet-Cookie: b=c", "𠮷野家",
		"//evil.example", `/\evil.example`, "javascript:alert(1)", "../../etc/passwd", strings.Repeat("长", 500), "%00", "\x7f", "</textarea>", "=1+1",
	}
	for _, name := range []string{"blns/blns.txt", "xss/xss-payload-list.txt", "sqli/detect_xPlatform_xplatform.txt", "sqli/exploit_Auth_Bypass.txt"} {
		n := 0
		for line := range strings.Lines(string(corpus(t, name))) {
			// every seventh of the longest list, whose lines are much alike
			if n++; len(line) > 1 && len(line) < 1000 && (n%7 == 0 || !strings.HasPrefix(name, "xss")) {
				all = append(all, strings.TrimSuffix(line, "\n"))
			}
		}
	}
	return all
}

// echoing is a site with a page that shows again what it was asked.
func echoing(t testing.TB, change func(*web.Deps)) *web.Site {
	site := newSite(t, change)
	site.Page("GET /echo", ui.Console, func(w http.ResponseWriter, r *http.Request) error {
		return site.Render(w, r, web.Page{Title: r.FormValue("q"), Body: ui.Input(ui.Field{Name: "q", Label: r.FormValue("q"), Value: r.FormValue("q")})})
	})
	site.Page("POST /echo", ui.Console, func(w http.ResponseWriter, r *http.Request) error {
		return site.Done(w, r, r.PostForm.Get("to"), noReceipt, "web.and_more", "count", r.PostForm.Get("q"))
	})
	return site
}

// Every hostile text comes back as text: in the title, in a label, in a field; nothing in the page runs it.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	h := echoing(t, nil).Handler()
	for _, text := range naughty(t) {
		r := httptest.NewRequest("GET", "/echo?q="+url.QueryEscape(text), nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusBadRequest && strings.ContainsRune(text, 0) {
			continue
		}
		doc, err := goquery.NewDocumentFromReader(w.Body)
		if err != nil || w.Code != 200 {
			t.Fatalf("%q: %d %v", text, w.Code, err)
		}
		want := strings.ToValidUTF8(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\ufffd")
		if got, _ := doc.Find("input[name=q]").Attr("value"); got != want {
			t.Errorf("the field holds %q, want %q", got, want)
		}
		doc.Find("*").Each(func(_ int, e *goquery.Selection) {
			for _, a := range e.Nodes[0].Attr {
				if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src" || a.Key == "action") && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					t.Errorf("%q became %s=%q", text, a.Key, a.Val)
				}
			}
		})
		if alien := doc.Find("script:not([nonce]):not([src^='/assets/'])"); alien.Length() > 0 {
			t.Errorf("%q became a script", text)
		}
	}
}

// Whatever stands in the headers a client chooses, it is never our fault, leads nowhere else, and adds no header.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	h := echoing(t, trusting).Handler()
	for _, text := range naughty(t) {
		r := httptest.NewRequest("GET", "/needs-session?q="+url.QueryEscape(text), nil)
		r.Host = text
		for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "Accept-Language", "Accept-Encoding", "User-Agent", "Referer", "HX-Current-URL", "HX-Request", "Origin", "X-Request-Id"} {
			r.Header.Set(name, text)
		}
		for _, name := range []string{"session", "display", "flash", "form"} {
			r.Header.Add("Cookie", "tongban-"+name+"="+text)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		to := w.Header().Get("Location")
		if w.Code >= 500 || (to != "" && !strings.HasPrefix(to, "/sign-in?next=%2F")) || strings.ContainsAny(to, "\r\n") {
			t.Errorf("%q: %d to %q", text, w.Code, to)
		}
		if id := w.Header().Get("X-Request-Id"); id == text {
			t.Error("the client chose the request id")
		}
	}
}

// A form may hold anything; its answer leads to a page of ours and its status line comes back as text.
func TestHostileForms(t *testing.T) {
	t.Parallel()
	c, at := browser(t, echoing(t, func(d *web.Deps) { d.BodyLimit = 1 << 20 }))
	_, page := do(t, c, "GET", at+"/form", "")
	key := url.QueryEscape(token(t, page))
	for _, text := range naughty(t)[:16] {
		text = strings.ReplaceAll(text, "\x00", "")
		resp, _ := do(t, c, "POST", at+"/echo", url.Values{"to": {text}, "q": {text}}.Encode()+"&csrf="+key)
		if to := resp.Header.Get("Location"); resp.StatusCode != 303 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			t.Errorf("%q: %d to %q", text, resp.StatusCode, to)
		}
		if _, page := do(t, c, "GET", at+"/form", ""); !strings.Contains(page, "以及另外") {
			t.Errorf("%q: the status line is lost", text)
		}
	}
}

// Requests that are hardly HTTP are answered or hung up on, and the site goes on.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newSite(t, nil).Handler())
	t.Cleanup(server.Close)
	inputs := append(binaries(t, "go-fuzz-httpreq.jsonl"),
		[]byte("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
		[]byte("POST /form HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
		[]byte("GET http://evil.example//evil.example/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n"),
		[]byte("GET /form HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), []byte("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
		[]byte("CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n"), []byte("\x16\x03\x01\x02\x00"))
	for _, in := range inputs {
		answer := raw(t, server.Listener.Addr().String(), in)
		if bytes.Contains(answer, []byte(" 500 ")) || bytes.Contains(answer, []byte("Location: //")) {
			t.Errorf("%q: %q", in, answer)
		}
	}
	if resp, err := http.Get(server.URL + "/form"); err != nil || resp.Body.Close() != nil || resp.StatusCode != 200 {
		t.Errorf("the site does not answer any more: %v", err)
	}
}

// raw sends bytes to a server and returns all it answers.
func raw(t *testing.T, addr string, in []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = conn.Write(in)
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(bufio.NewReader(conn)) // a reset is an answer too
	return answer
}

// Bodies that are no forms are refused as such, whatever they are.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	key := token(t, page)
	for _, body := range append(binaries(t, "go-fuzz-mime.jsonl"), nil, []byte("--b\r\n\r\n"), []byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n")) {
		for _, kind := range []string{"multipart/form-data; boundary=b", "multipart/form-data", "Multipart/Form-Data; boundary=\"", "application/x-www-form-urlencoded", "text/plain", "\x01"} {
			req, err := http.NewRequest("POST", at+"/form", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header["Content-Type"], req.Header["X-Form-Token"] = []string{kind}, []string{key}
			resp, err := c.Do(req)
			if err != nil {
				continue // net/http's client does not send this at all
			}
			_ = resp.Body.Close()
			if s := resp.StatusCode; s != 303 && s != 400 && s != 413 {
				t.Errorf("%s %q: %d", kind, body, s)
			}
		}
	}
}

func TestTextThatCannotBeStoredIsNamed(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	key := "csrf=" + url.QueryEscape(token(t, page))
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"null character", "POST", "/form", key + "&login=a%00b", 400, "“login”"},
		{"GBK", "POST", "/form", key + "&login=%d6%d0%ce%c4", 400, "“login”"},
		{"in a name", "POST", "/form", key + "&log%00in=a", 400, "“login”"},
		{"in the query", "GET", "/form?q=%ff", "", 400, "“q”"},
		{"in the query of the API", "GET", "/api/v1/who?q=%00", "", 400, `"field":"q"`},
		{"in the path", "GET", "/form/%ff", "", 404, "没有这个页面"},
		{"good text", "POST", "/form", key + "&login=%e4%b8%ad", 303, ""},
		{"half-encoded query is left out", "GET", "/form?q=100%", "", 200, ""},
	} {
		if resp, page := do(t, c, tc.method, at+tc.path, tc.body); resp.StatusCode != tc.status || !strings.Contains(page, tc.want) {
			t.Errorf("%s: %d %.300s", tc.name, resp.StatusCode, page)
		}
	}
}

func TestOversizedForms(t *testing.T) {
	t.Parallel()
	c, at := browser(t, newSite(t, nil))
	_, page := do(t, c, "GET", at+"/form", "")
	head := []string{"X-Form-Token", token(t, page)}
	chunked := func(body io.Reader, kind string) (status int, hungUp bool) {
		req, err := http.NewRequest("POST", at+"/form", struct{ io.Reader }{body}) // of unknown length
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		req.Header.Set(head[0], head[1])
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Close
	}
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded": strings.Repeat("a=b&", 5000),
		"multipart/form-data; boundary=b":   "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("x", 5000),
	} {
		if status, hungUp := chunked(strings.NewReader(body), kind); status != 413 || !hungUp {
			t.Errorf("%s: %d, want 413; hung up: %v", kind, status, hungUp)
		}
	}
	many, atMany := browser(t, newSite(t, func(d *web.Deps) { d.BodyLimit = 1 << 20 }))
	_, page = do(t, many, "GET", atMany+"/form", "")
	if resp, _ := do(t, many, "POST", atMany+"/form", strings.Repeat("a&", 100_000), "X-Form-Token", token(t, page)); resp.StatusCode != 400 {
		t.Errorf("100,000 fields: %d, want 400", resp.StatusCode)
	}
}

// Files of a form wait in the temporary folder while it is served, and no longer.
func TestTemporaryFilesAreRemoved(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	site := newSite(t, func(d *web.Deps) { d.BodyLimit = 32 << 20 })
	waiting := -1
	site.Page("POST /upload", ui.Console, func(http.ResponseWriter, *http.Request) error {
		entries, err := os.ReadDir(folder)
		waiting = len(entries)
		return err
	})
	c, at := browser(t, site)
	_, page := do(t, c, "GET", at+"/form", "")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "large.bin")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write(make([]byte, 16<<20))
	_ = form.Close()
	if resp, _ := do(t, c, "POST", at+"/upload", body.String(), "Content-Type", form.FormDataContentType(), "X-Form-Token", token(t, page)); resp.StatusCode != 200 {
		t.Fatalf("upload: %d", resp.StatusCode)
	}
	left, err := os.ReadDir(folder)
	if waiting != 1 || len(left) != 0 || err != nil {
		t.Errorf("%d files while it was served and %d afterwards, %v", waiting, len(left), err)
	}
}

// A log at its most talkative holds nothing of what people sent.
func TestLogsHoldNothingOfTheForm(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c, at := browser(t, newSite(t, func(d *web.Deps) {
		d.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))
	_, page := do(t, c, "GET", at+"/form?q=hunter2", "")
	key := token(t, page)
	do(t, c, "POST", at+"/form", "csrf="+url.QueryEscape(key)+"&password=hunter2")
	do(t, c, "POST", at+"/form", "password=hunter2")
	do(t, c, "POST", at+"/form", "password=hunter2%zz", "X-Form-Token", key)
	do(t, c, "POST", at+"/form", "--b\r\nhunter2\r\n\r\n", "Content-Type", "multipart/form-data; boundary=b", "X-Form-Token", key)
	do(t, c, "GET", at+"/hunter2", "")
	do(t, c, "GET", at+"/secret?q=hunter2", "")
	if text := out.String(); strings.Contains(text, "hunter2") || strings.Contains(text, "%zz") || !strings.Contains(text, "request failed") {
		t.Errorf("the log:\n%s", text)
	}
}
