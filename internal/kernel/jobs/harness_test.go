package jobs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	poll  = 500 * time.Millisecond
	lease = 30 * time.Second
)

// site is one database with the nodes on it.
type site struct {
	t      *testing.T
	db     *db.DB
	clock  *clock.Fake
	logged *syncBuffer
}

// each runs fn on both engines, each time on a database of its own.
func each(t *testing.T, fn func(t *testing.T, s *site)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fn(t, &site{t: t, db: d, clock: clock.NewFake(noon), logged: &syncBuffer{}})
	}, jobs.Migrations())
}

// node returns a node that is not started and stops at the end of the test.
func (s *site) node(defs ...jobs.Definition) *jobs.Engine {
	s.t.Helper()
	return s.nodeWith(jobs.Deps{Clock: s.clock}, defs...)
}

func (s *site) nodeWith(d jobs.Deps, defs ...jobs.Definition) *jobs.Engine {
	s.t.Helper()
	d.DB, d.Metrics, d.Node = s.db, prometheus.NewRegistry(), "node"
	d.Log = slog.New(slog.NewTextHandler(s.logged, nil))
	e, err := jobs.New(d)
	must(s.t, err)
	must(s.t, e.Define(defs...))
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		e.Stop(ctx)
	})
	return e
}

func (s *site) started(defs ...jobs.Definition) *jobs.Engine {
	s.t.Helper()
	e := s.node(defs...)
	must(s.t, e.Start(s.t.Context()))
	return e
}

func (s *site) enqueue(e *jobs.Engine, j jobs.Job) string {
	s.t.Helper()
	var id string
	must(s.t, s.write(func(ctx context.Context, q db.Querier) (err error) {
		id, err = e.Enqueue(ctx, q, j)
		return err
	}))
	return id
}

func (s *site) write(fn func(ctx context.Context, q db.Querier) error) error {
	return s.db.Write(s.t.Context(), fn)
}

func (s *site) get(e *jobs.Engine, id string) jobs.Status {
	s.t.Helper()
	st, err := e.Get(s.t.Context(), s.db.Reader(), id)
	must(s.t, err)
	return st
}

// until lets the clock tick until cond holds: a step is taken whenever a loop is asleep.
func (s *site) until(step time.Duration, cond func() bool) {
	s.t.Helper()
	for range 20_000 {
		if cond() {
			return
		}
		s.clock.BlockUntil(1)
		s.clock.Advance(step)
	}
	s.t.Fatal("it never came to that")
}

// wantState waits, without moving the clock, until the job is in state, and returns it.
func (s *site) wantState(e *jobs.Engine, id string, state jobs.State) jobs.Status {
	s.t.Helper()
	s.until(0, func() bool { return s.get(e, id).State == state })
	return s.get(e, id)
}

// kind returns a definition that hands its arguments to the test and returns what answer says.
func kind(name string, got chan<- string, answer func(ctx context.Context) error) jobs.Definition {
	return jobs.Definition{Kind: name, Run: func(ctx context.Context, args json.RawMessage) error {
		var v any
		if err := json.Unmarshal(args, &v); err != nil {
			return err
		}
		text, _ := v.(string)
		got <- text
		if answer == nil {
			return nil
		}
		return answer(ctx)
	}}
}

func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func wantNothing[T any](t *testing.T, c <-chan T) {
	t.Helper()
	select {
	case v := <-c:
		t.Fatalf("got %v, want nothing", v)
	default:
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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

func (s *syncBuffer) contains(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.b.String(), text)
}
