package op_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/op"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const permWrite op.Permission = "test.thing.write"

// house is a Runner on a fresh database, with a table test_thing and an auditor that writes to test_audit.
type house struct {
	db      *db.DB
	clock   *clock.Fake
	runner  *op.Runner
	metrics *prometheus.Registry
	logged  *syncBuffer
	audit   *recorder
}

func tables() []db.MigrationSet {
	return []db.MigrationSet{op.Migrations(), events.Migrations(), {Module: "test", FS: fstest.MapFS{
		"migrations/0001_test.sql": {Data: []byte(`
			create table test_thing (id text not null primary key, name text not null, version bigint not null);
			create table test_audit (id text not null primary key, op text not null, outcome text not null,
				code text not null, entry text not null);`)},
	}}}
}

// each runs fn on both engines, each time in a house of its own.
func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{
			db: d, clock: clock.NewFake(noon), metrics: prometheus.NewRegistry(),
			logged: &syncBuffer{}, audit: &recorder{},
		}
		log := slog.New(slog.NewTextHandler(h.logged, nil))
		out, err := events.New(events.Deps{DB: d, Clock: h.clock, Log: log, Metrics: h.metrics, Node: "n1"})
		must(t, err)
		h.runner, err = op.NewRunner(op.Deps{
			DB: d, Clock: h.clock, Audit: h.audit, Events: out, Log: log, Metrics: h.metrics,
			Tracer: noop.NewTracerProvider().Tracer("test"), Key: []byte("test key"),
		})
		must(t, err)
		fn(t, h)
	}, tables()...)
}

// recorder is an Auditor that writes in the caller's transaction, so that a rollback takes its entries back.
type recorder struct{ broken atomic.Bool }

func (r *recorder) Record(ctx context.Context, q db.Querier, e op.Entry) error {
	if r.broken.Load() {
		return errors.New("the audit is broken")
	}
	_, err := q.ExecContext(ctx, `/* test.audit */
		insert into test_audit (id, op, outcome, code, entry) values ($1, $2, $3, $4, $5)`,
		e.ID, e.Op, string(e.Outcome), e.Code, db.JSON[op.Entry]{V: e})
	return err
}

// entries returns the audit entries as "op outcome code", the oldest first.
func (h *house) entries(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, e := range h.fullEntries(t) {
		line := e.Op + " " + string(e.Outcome)
		if e.Code != "" {
			line += " " + e.Code
		}
		all = append(all, line)
	}
	return all
}

func (h *house) fullEntries(t *testing.T) []op.Entry {
	t.Helper()
	rows, err := h.db.Reader().QueryContext(t.Context(), "/* test.entries */ select entry from test_audit order by id")
	must(t, err)
	defer rows.Close()
	var all []op.Entry
	for rows.Next() {
		var e db.JSON[op.Entry]
		must(t, rows.Scan(&e))
		all = append(all, e.V)
	}
	must(t, rows.Err())
	return all
}

// wantEntries compares the audit entries with "op outcome code" lines.
func (h *house) wantEntries(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, h.entries(t)); diff != "" {
		t.Errorf("audit entries (-want +got):\n%s", diff)
	}
}

func (h *house) count(t *testing.T, what string) int {
	t.Helper()
	var n int
	must(t, h.db.Reader().QueryRowContext(t.Context(), "/* test.count */ select count(*) from "+what).Scan(&n))
	return n
}

func (h *house) wantCount(t *testing.T, what string, want int) {
	t.Helper()
	if got := h.count(t, what); got != want {
		t.Errorf("%s has %d rows, want %d", what, got, want)
	}
}

// metric returns the value of tongban_operations_total for an operation and outcome.
func (h *house) metric(t *testing.T, name, outcome string) float64 {
	t.Helper()
	families, err := h.metrics.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() != "tongban_operations_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["op"] == name && labels["outcome"] == outcome {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// thingInput is the input of the test's operations.
type thingInput struct {
	ID, Name string
	Password string
}

func (in thingInput) Validate() error {
	var wrong []errs.Field
	if in.Name == "" {
		wrong = append(wrong, errs.Field{Name: "name", Code: "required"})
	}
	return errs.InvalidFields(wrong...)
}

type thing struct {
	ID, Name string
	Version  int64
}

// putThing is a body that makes a thing or counts its version up.
func putThing(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
	th := thing{ID: in.ID, Name: in.Name}
	err := tx.QueryRowContext(ctx, `/* test.put */
		insert into test_thing (id, name, version) values ($1, $2, 1)
		on conflict (id) do update set name = excluded.name, version = test_thing.version + 1
		returning version`, in.ID, in.Name).Scan(&th.Version)
	if err != nil {
		return thing{}, db.MapError(err)
	}
	tx.Changed(op.Thing{Kind: "test.thing", ID: in.ID, Label: in.Name}, nil, th)
	tx.Emit(events.Fact{Type: "test.thing_put", Subject: in.ID, Data: th})
	return th, nil
}

// as returns the test's context with a person who holds permissions.
func as(t *testing.T, id string, permissions ...op.Permission) context.Context {
	held := map[op.Permission]bool{}
	for _, p := range permissions {
		held[p] = true
	}
	return op.WithActor(t.Context(), op.Actor{Kind: op.Person, ID: id, Name: "Wang " + id, Session: "s-" + id, Permissions: held})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error = %v, want %v", got, want)
	}
}

func raw(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
