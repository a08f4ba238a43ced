package web_test

import (
	"bytes"
	"context"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// silent is an auditor.
type silent struct{}

func (silent) Record(context.Context, db.Querier, op.Entry) error { return nil }

// newRunner returns a runner of operations on a fresh database.
func newRunner(t *testing.T) *op.Runner {
	t.Helper()
	d := dbtest.Open(t, db.SQLite, op.Migrations(), events.Migrations(), db.MigrationSet{Module: "test", FS: fstest.MapFS{
		"migrations/0001_test.sql": {Data: []byte(`create table test_done (login text not null, password text not null)`)},
	}})
	reg, log, now := prometheus.NewRegistry(), slog.New(slog.DiscardHandler), clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	out, err := events.New(events.Deps{DB: d, Clock: now, Log: log, Metrics: reg, Node: "n1"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := op.NewRunner(op.Deps{
		DB: d, Clock: now, Audit: silent{}, Events: out, Log: log, Metrics: reg, Tracer: noop.NewTracerProvider().Tracer("test"), Key: []byte("test key"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type resetInput struct{ Login, Password string }

var resetPassword = op.New("test.password.reset", op.For(op.Public), op.Serious())

// resetting is a site with a serious operation that takes a password.
func resetting(t *testing.T, r *op.Runner) *web.Site {
	site := newSite(t, nil)
	handler := func(w http.ResponseWriter, req *http.Request) error {
		in := resetInput{req.PostForm.Get("login"), req.PostForm.Get("password")}
		_, err := op.Run(req.Context(), r, resetPassword, in, func(ctx context.Context, tx *op.Tx, in resetInput) (struct{}, error) {
			if err := tx.Confirm(ctx, op.Effect{Key: "web.and_more", Value: map[string]any{"count": 1}, Type: in.Login}); err != nil {
				return struct{}{}, err
			}
			_, err := tx.ExecContext(ctx, "insert into test_done (login, password) values ($1, $2)", in.Login, in.Password)
			return struct{}{}, err
		})
		if err != nil {
			return err
		}
		return site.Done(w, req, "/form", op.Receipt{}, "web.undone")
	}
	for _, pattern := range []string{"POST /reset", "POST /other", "GET /reset"} {
		site.Page(pattern, ui.Console, handler)
	}
	return site
}

// hidden are the hidden fields of a page's form, as the browser sends them.
func hidden(t *testing.T, page string) url.Values {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{}
	doc.Find("form.tb-form input[type=hidden]").Each(func(_ int, e *goquery.Selection) { form.Add(e.AttrOr("name", ""), e.AttrOr("value", "")) })
	return form
}

func done(t *testing.T, r *op.Runner) string {
	t.Helper()
	var line string
	err := r.DB.Reader().QueryRowContext(t.Context(), "select coalesce(max(login || ' ' || password), '') || ' ' || count(*) from test_done").Scan(&line)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// What is confirmed is what was sent, and the page that asks repeats none of it.
func TestConfirmationRepeatsNoSecret(t *testing.T) {
	t.Parallel()
	runner := newRunner(t)
	c, at := browser(t, resetting(t, runner))
	_, page := do(t, c, "GET", at+"/form", "")
	first := url.Values{"csrf": {token(t, page)}, "login": {"zhang"}, "password": {"hunter2 中文"}, "form_id": {"one"}}
	resp, page := do(t, c, "POST", at+"/reset", first.Encode())
	if resp.StatusCode != 412 || strings.Contains(page, "hunter2") || done(t, runner) != " 0" {
		t.Fatalf("%d, done %q; the page holds the password: %v", resp.StatusCode, done(t, runner), strings.Contains(page, "hunter2"))
	}
	answer := hidden(t, page)
	wrong := url.Values{}
	for name, v := range answer {
		wrong[name] = v
	}
	wrong.Set("confirm", "wang")
	if resp, page = do(t, c, "POST", at+"/reset", wrong.Encode()); resp.StatusCode != 412 || strings.Contains(page, "hunter2") {
		t.Fatalf("typed the wrong name: %d", resp.StatusCode)
	}
	answer = hidden(t, page)
	answer.Set("confirm", "zhang")
	answer.Set("login", "somebody else") // beside what is sealed
	if resp, _ = do(t, c, "POST", at+"/reset", answer.Encode()); resp.StatusCode != 303 || done(t, runner) != "zhang hunter2 中文 1" {
		t.Errorf("%d, done %q", resp.StatusCode, done(t, runner))
	}
	if resp, _ = do(t, c, "POST", at+"/reset", answer.Encode()); done(t, runner) != "zhang hunter2 中文 1" {
		t.Errorf("sent twice: %d, done %q", resp.StatusCode, done(t, runner))
	}
}

// A sealed form opens for the browser and the address it was made for, and only whole.
func TestSealedFormsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	runner := newRunner(t)
	site := resetting(t, runner)
	c, at := browser(t, site)
	_, page := do(t, c, "GET", at+"/form", "")
	_, page = do(t, c, "POST", at+"/reset", url.Values{"csrf": {token(t, page)}, "login": {"zhang"}, "password": {"x"}}.Encode())
	answer := hidden(t, page)
	answer.Set("confirm", "zhang")
	sealed := answer.Get("sealed")
	stranger := &http.Client{CheckRedirect: c.CheckRedirect}
	stranger.Jar, _ = cookiejar.New(nil)
	_, page = do(t, stranger, "GET", at+"/form", "")
	for _, tc := range []struct {
		name, path, sealed, csrf string
		client                   *http.Client
	}{
		{"another browser", "/reset", sealed, token(t, page), stranger},
		{"another address", "/other", sealed, answer.Get("csrf"), c},
		{"changed", "/reset", sealed[:len(sealed)-6] + "AAAAAA", answer.Get("csrf"), c},
		{"cut", "/reset", sealed[:8], answer.Get("csrf"), c},
		{"junk", "/reset", "<script>", answer.Get("csrf"), c},
	} {
		answer.Set("sealed", tc.sealed)
		answer.Set("csrf", tc.csrf)
		if resp, _ := do(t, tc.client, "POST", at+tc.path, answer.Encode()); resp.StatusCode != 400 || done(t, runner) != " 0" {
			t.Errorf("%s: %d, done %q", tc.name, resp.StatusCode, done(t, runner))
		}
	}
}

// A confirmation cannot repeat files, and a GET changes nothing: both are defects of a page, and do nothing.
func TestWhatCannotBeConfirmed(t *testing.T) {
	t.Parallel()
	runner := newRunner(t)
	c, at := browser(t, resetting(t, runner))
	_, page := do(t, c, "GET", at+"/form", "")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("login", "zhang")
	if _, err := form.CreateFormFile("file", "a.txt"); err != nil {
		t.Fatal(err)
	}
	_ = form.Close()
	withFile, text := do(t, c, "POST", at+"/reset", body.String(), "Content-Type", form.FormDataContentType(), "X-Form-Token", token(t, page))
	byGet, _ := do(t, c, "GET", at+"/reset", "")
	if withFile.StatusCode != 500 || byGet.StatusCode != 500 || strings.Contains(text, "confirm_token") || done(t, runner) != " 0" {
		t.Errorf("with a file %d, by GET %d, done %q", withFile.StatusCode, byGet.StatusCode, done(t, runner))
	}
}
