package events_test

import (
	"bytes"
	"context"
	"fmt"
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
	"tongban/internal/kernel/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	poll  = 250 * time.Millisecond
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
	}, events.Migrations())
}

// node returns a node that is not started and stops at the end of the test.
func (s *site) node(subs ...events.Subscription) *events.Outbox {
	s.t.Helper()
	return s.nodeWith(events.Deps{Clock: s.clock}, subs...)
}

func (s *site) nodeWith(d events.Deps, subs ...events.Subscription) *events.Outbox {
	s.t.Helper()
	d.DB, d.Metrics, d.Node = s.db, prometheus.NewRegistry(), "node"
	d.Log = slog.New(slog.NewTextHandler(s.logged, nil))
	o, err := events.New(d)
	must(s.t, err)
	must(s.t, o.Subscribe(subs...))
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		o.Stop(ctx)
	})
	return o
}

// started is node, started.
func (s *site) started(subs ...events.Subscription) *events.Outbox {
	s.t.Helper()
	o := s.node(subs...)
	must(s.t, o.Start(s.t.Context()))
	return o
}

// put writes facts "type subject" in one transaction.
func (s *site) put(o *events.Outbox, facts ...string) {
	s.t.Helper()
	must(s.t, s.tryPut(o, facts...))
}

func (s *site) tryPut(o *events.Outbox, facts ...string) error {
	var list []events.Fact
	for _, f := range facts {
		var e events.Fact
		if _, err := fmt.Sscan(f, &e.Type, &e.Subject); err != nil {
			return err
		}
		list = append(list, e)
	}
	return s.write(func(ctx context.Context, q db.Querier) error {
		return o.Put(ctx, q, events.Origin{At: s.clock.Now(), ActorID: "u1", RequestID: "r1"}, list...)
	})
}

func (s *site) write(fn func(ctx context.Context, q db.Querier) error) error {
	return s.db.Write(s.t.Context(), fn)
}

// inbox is a subscription's reaction that hands what it gets to the test.
type inbox struct {
	t   *testing.T
	got chan events.Event

	mu   sync.Mutex
	fail map[string]error // by "type subject seq"
}

func newInbox(t *testing.T) *inbox {
	return &inbox{t: t, got: make(chan events.Event, 10_000), fail: map[string]error{}}
}

func (b *inbox) handle(_ context.Context, e events.Event) error {
	b.got <- e
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fail[label(e)]
}

// failOn makes the reaction to an event fail; with nil it succeeds again.
func (b *inbox) failOn(label string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail[label] = err
}

// sub returns a subscription of the inbox.
func (b *inbox) sub(name string, types ...string) events.Subscription {
	return events.Subscription{Name: name, Types: types, Handle: b.handle}
}

func label(e events.Event) string { return fmt.Sprintf("%s %s %d", e.Type, e.Subject, e.Seq) }

// want waits for exactly these events, as "type subject seq", in this order.
func (b *inbox) want(labels ...string) {
	b.t.Helper()
	for _, want := range labels {
		if got := label(await(b.t, b.got)); got != want {
			b.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// wantNothing fails when something has come; use it only where everything that could come has come.
func (b *inbox) wantNothing() {
	b.t.Helper()
	select {
	case e := <-b.got:
		b.t.Fatalf("got %q, want nothing", label(e))
	default:
	}
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

// settle lets this node's clock tick until cond holds: a step is taken whenever n timers are asleep.
func (s *site) settle(n int, step time.Duration, cond func() bool) {
	s.t.Helper()
	for range 10_000 {
		if cond() {
			return
		}
		s.clock.BlockUntil(n)
		s.clock.Advance(step)
	}
	s.t.Fatal("it never came to that")
}

// lag returns the lag of a subscription, as o sees it.
func (s *site) lag(o *events.Outbox, name string) events.Lag {
	s.t.Helper()
	all, err := o.Lag(s.t.Context(), s.db.Reader())
	must(s.t, err)
	for _, l := range all {
		if l.Subscription == name {
			return l
		}
	}
	s.t.Fatalf("no lag of %s in %+v", name, all)
	return events.Lag{}
}

func (s *site) parked(o *events.Outbox) []events.Held {
	s.t.Helper()
	rows, _, err := o.Parked(s.t.Context(), s.db.Reader(), db.Page{})
	must(s.t, err)
	return rows
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

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func contains(b *syncBuffer, text string) bool { return strings.Contains(b.String(), text) }
