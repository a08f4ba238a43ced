package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"tongban/internal/kernel/api"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// tokens knows two.
type tokens struct{}

func (tokens) Authenticate(context.Context, string) (op.Actor, error) {
	return op.Actor{}, op.ErrSessionRequired
}

func (tokens) AuthenticateToken(_ context.Context, token string) (op.Actor, error) {
	if token != "good" && token != "other" {
		return op.Actor{}, op.ErrSessionRequired
	}
	return op.Actor{Kind: op.Service, ID: token}, nil
}

type silent struct{}

func (silent) Record(context.Context, db.Querier, op.Entry) error { return nil }

// payment is what the test's operation takes, by page and by API.
type payment struct {
	Payee    string `json:"payee" minLength:"2" maxLength:"10"`
	Amount   int64  `json:"amount" minimum:"1" maximum:"1000000"`
	Day      string `json:"day" format:"date"`
	Password string `json:"password,omitempty" maxLength:"8"`
	Kind     string `json:"kind,omitempty" enum:"wire,cash"`
	Lines    []line `json:"lines,omitempty" maxItems:"40"`
}

type line struct {
	Small int8    `json:"small,omitempty"`
	Rate  float64 `json:"rate,omitempty" exclusiveMinimum:"0"`
}

// Validate holds the same rules as the tags, for the page.
func (p payment) Validate() error {
	var wrong []errs.Field
	add := func(bad bool, name, code string, params map[string]any) {
		if bad {
			wrong = append(wrong, errs.Field{Name: name, Code: code, Params: params})
		}
	}
	_, err := time.Parse(time.DateOnly, p.Day)
	add(len([]rune(p.Payee)) > 10, "payee", "too_long", map[string]any{"max": 10})
	add(p.Amount < 1, "amount", "too_small", map[string]any{"min": 1})
	add(err != nil, "day", "bad_date", nil)
	return errs.InvalidFields(wrong...)
}

type receipt struct {
	Number int `json:"number"`
}

var pay = op.New("test.payment.add", op.For(op.SignedIn))

// house is a site with an API over one operation.
type house struct {
	site   *web.Site
	api    *api.API
	runner *op.Runner
	url    string
}

func newHouse(t *testing.T, change func(*web.Deps)) *house {
	t.Helper()
	h := &house{runner: newRunner(t)}
	bundle, err := i18n.New(i18n.Words, web.Words, ui.Words)
	must(t, err)
	d := web.Deps{
		Bundle: bundle, Zone: time.UTC, Language: i18n.ZhCN, Clock: h.runner.Clock, Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(), Sessions: tokens{}, Key: []byte("key"), Org: func(context.Context) string { return "测试机构" }, BodyLimit: 50_000,
	}
	if change != nil {
		change(&d)
	}
	h.site, err = web.New(d)
	must(t, err)
	h.api = api.New(h.site, "test")
	h.register()
	server := httptest.NewServer(h.site.Handler())
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func newRunner(t *testing.T) *op.Runner {
	t.Helper()
	d := dbtest.Open(t, db.SQLite, op.Migrations(), events.Migrations(), db.MigrationSet{Module: "test", FS: fstest.MapFS{
		"migrations/0001_test.sql": {Data: []byte(`create table test_payment (payee text not null, amount bigint not null)`)},
	}})
	now, log, reg := clock.NewFake(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)), slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	out, err := events.New(events.Deps{DB: d, Clock: now, Log: log, Metrics: reg, Node: "n1"})
	must(t, err)
	r, err := op.NewRunner(op.Deps{
		DB: d, Clock: now, Audit: silent{}, Events: out, Log: log, Metrics: reg, Tracer: noop.NewTracerProvider().Tracer("test"), Key: []byte("key"),
	})
	must(t, err)
	return r
}

// pay is the method a room's service would have.
func (h *house) pay(ctx context.Context, in payment) (receipt, error) {
	return op.Run(ctx, h.runner, pay, in, func(ctx context.Context, tx *op.Tx, in payment) (receipt, error) {
		if _, err := tx.ExecContext(ctx, "insert into test_payment (payee, amount) values ($1, $2)", in.Payee, in.Amount); err != nil {
			return receipt{}, err
		}
		var r receipt
		return r, tx.QueryRowContext(ctx, "select count(*) from test_payment").Scan(&r.Number)
	})
}

func (h *house) register() {
	api.Register(h.api, api.Route{ID: "add-payment", Method: "POST", Path: "/payments", Tag: "test", Summary: "Add a payment", Status: 201},
		func(ctx context.Context, in *struct{ Body payment }) (*api.Body[receipt], error) {
			out, err := h.pay(ctx, in.Body)
			return &api.Body[receipt]{Body: out}, err
		})
	api.Register(h.api, api.Route{ID: "list-payments", Method: "GET", Path: "/payments", Tag: "test", Summary: "List payments"},
		func(context.Context, *struct{ api.Paging }) (*api.Body[api.List[receipt]], error) {
			return &api.Body[api.List[receipt]]{Body: api.List[receipt]{Items: []receipt{}}}, nil
		})
	api.Register(h.api, api.Route{ID: "fail", Method: "GET", Path: "/fail/{how}", Tag: "test", Summary: "Fail"}, fail)
	h.site.Page("GET /form", ui.Plain, func(w http.ResponseWriter, r *http.Request) error {
		return h.site.Render(w, r, web.Page{Title: "付款", Body: ui.Form(ui.FormView{Action: "/payments"})})
	})
	h.site.Page("POST /payments", ui.Plain, h.payByPage)
}

// payByPage is what a form's handler does.
func (h *house) payByPage(w http.ResponseWriter, r *http.Request) error {
	amount, err := strconv.ParseInt(r.PostForm.Get("amount"), 10, 64)
	if err != nil {
		err = errs.InvalidFields(errs.Field{Name: "amount", Code: "wrong_type", Params: map[string]any{"type": "integer"}})
	} else {
		_, err = h.pay(op.WithActor(r.Context(), op.Actor{Kind: op.Person, ID: "p1"}), payment{Payee: r.PostForm.Get("payee"), Amount: amount, Day: r.PostForm.Get("day")})
	}
	if texts, about := web.FieldErrors(r, err); err != nil && about {
		v := ui.FormView{Action: "/payments"}
		for name, text := range texts {
			v.Errors = append(v.Errors, ui.FieldError{Field: name, Label: name, Text: text})
		}
		return h.site.Render(w, r, web.Page{Title: "付款", Status: errs.Status(err), Body: ui.Form(v)})
	}
	if err != nil {
		return err
	}
	return h.site.Done(w, r, "/form", op.Receipt{}, "web.undone")
}

var failures = map[string]error{
	"internal": io.ErrUnexpectedEOF, "denied": op.ErrDenied, "session": op.ErrSessionRequired,
	"busy": errs.Define(errs.Unavailable, "busy").With("seconds", 7), "conflict": errs.Define(errs.Conflict, "conflict"),
}

func fail(_ context.Context, in *struct {
	How string `path:"how"`
}) (*api.Body[receipt], error) {
	if in.How == "panic" {
		panic("the secret of the handler")
	}
	return nil, failures[in.How]
}

// stored is how many payments there are.
func (h *house) stored(t *testing.T) int {
	t.Helper()
	var n int
	must(t, h.runner.DB.Reader().QueryRowContext(t.Context(), "select count(*) from test_payment").Scan(&n))
	return n
}

// call sends a request with a good token; header gives further headers, or others.
func (h *house) call(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer good")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, string(text)
}

// problem reads an answer that has to be one.
func problem(t *testing.T, resp *http.Response, text string) web.Problem {
	t.Helper()
	var p web.Problem
	if err := json.Unmarshal([]byte(text), &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" || p.Status != resp.StatusCode ||
		p.Code == "" || p.Title == "" || p.Type != "about:blank" || p.Instance != resp.Header.Get("X-Request-Id") {
		t.Errorf("no problem: %d %s %s (%v)", resp.StatusCode, resp.Header.Get("Content-Type"), text, err)
	}
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
