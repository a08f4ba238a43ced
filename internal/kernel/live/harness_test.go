package live_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const poll = 250 * time.Millisecond

// site is one database with the nodes on it.
type site struct {
	t     *testing.T
	db    *db.DB
	clock *clock.Fake
}

func each(t *testing.T, fn func(t *testing.T, s *site)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fn(t, &site{t: t, db: d, clock: clock.NewFake(noon)})
	}, events.Migrations())
}

// node is a node: an outbox, a hub and a real HTTP server.
type node struct {
	s       *site
	out     *events.Outbox
	hub     *live.Hub
	metrics *prometheus.Registry
	server  *httptest.Server
	logged  *syncBuffer
}

// topicsOf is the mapping of the tests: the subject, and "all".
func topicsOf(e events.Event) []string { return []string{"thing." + e.Subject, "all"} }

func (s *site) node(change ...func(*live.Deps)) *node {
	s.t.Helper()
	return s.nodeAt(s.clock, change...)
}

// nodeAt is node with a clock of its own.
func (s *site) nodeAt(c *clock.Fake, change ...func(*live.Deps)) *node {
	s.t.Helper()
	n := &node{s: s, metrics: prometheus.NewRegistry(), logged: &syncBuffer{}}
	log := slog.New(slog.NewTextHandler(n.logged, nil))
	var err error
	n.out, err = events.New(events.Deps{DB: s.db, Clock: c, Log: log, Metrics: n.metrics, Node: "node"})
	must(s.t, err)
	must(s.t, n.out.Start(s.t.Context()))
	d := live.Deps{Events: n.out, Clock: c, Log: log, Metrics: n.metrics, Topics: []live.Topics{topicsOf}, Life: 1000 * time.Hour}
	for _, f := range change {
		f(&d)
	}
	n.hub, err = live.New(d)
	must(s.t, err)
	must(s.t, n.hub.Start(s.t.Context()))
	n.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := n.hub.Serve(w, r, r.URL.Query()["topic"]); err != nil {
			http.Error(w, errs.From(err).Code, errs.Status(err))
		}
	}))
	n.server.Config.ReadTimeout, n.server.Config.WriteTimeout = time.Hour, time.Hour
	n.server.Start()
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.hub.Stop(ctx)
		n.server.Close()
		n.out.Stop(ctx)
	})
	return n
}

// put writes a fact about each subject, in one transaction each.
func (n *node) put(subjects ...string) {
	n.s.t.Helper()
	for _, subject := range subjects {
		must(n.s.t, n.s.db.Write(n.s.t.Context(), func(ctx context.Context, q db.Querier) error {
			return n.out.Put(ctx, q, events.Origin{At: noon}, events.Fact{Type: "test.happened", Subject: subject,
				Data: map[string]string{"name": "王小明"}})
		}))
	}
}

// reaches lets the clock tick until the node's connections were told everything up to position. A tick is taken
// whenever so many timers are asleep: one for each node, two for each connection.
func (n *node) reaches(position int64, timers int) {
	n.s.t.Helper()
	for range 10_000 {
		if n.hub.Position() >= position {
			return
		}
		n.s.clock.BlockUntil(timers)
		n.s.clock.Advance(poll)
	}
	n.s.t.Fatalf("the node is at %d, not yet at %d", n.hub.Position(), position)
}

// page is an open connection.
type page struct {
	t      *testing.T
	lines  chan string // closed at the end of the stream
	cancel context.CancelFunc
	lastID string
	beats  bool // next returns heartbeats
}

// open connects to a node; last is the Last-Event-ID, "" for none.
func (n *node) open(query, last string) *page {
	n.s.t.Helper()
	ctx, cancel := context.WithCancel(n.s.t.Context())
	resp := n.request(ctx, query, last)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" ||
		resp.Header.Get("Cache-Control") != "no-store" {
		n.s.t.Fatalf("answer %s %v", resp.Status, resp.Header)
	}
	p := &page{t: n.s.t, lines: make(chan string, 10_000), cancel: cancel, lastID: last}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(p.lines)
		defer resp.Body.Close()
		for scan := bufio.NewScanner(resp.Body); scan.Scan(); {
			p.lines <- scan.Text()
		}
	}()
	n.s.t.Cleanup(func() { cancel(); <-ended })
	return p
}

func (n *node) request(ctx context.Context, query, last string) *http.Response {
	n.s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.server.URL+"/?"+query, nil)
	must(n.s.t, err)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := n.server.Client().Do(r)
	must(n.s.t, err)
	return resp
}

// next returns the next dispatched event as "event data", a lone id as "id N", a comment as ":", and "end".
func (p *page) next() string {
	p.t.Helper()
	var event, data, id string
	for {
		var line string
		var open bool
		select {
		case line, open = <-p.lines:
		case <-time.After(20 * time.Second):
			p.t.Fatal("nothing came")
		}
		if !open {
			return "end"
		}
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case strings.HasPrefix(line, ":"):
			if p.beats {
				return ":"
			}
		case name == "event":
			event = value
		case name == "data":
			data = value
		case name == "id":
			id = value
		case line == "":
			if id != "" {
				p.lastID = id
			}
			if data != "" {
				return event + " " + data
			}
			if id != "" {
				return "id " + id
			}
		}
	}
}

func (p *page) want(all ...string) {
	p.t.Helper()
	for _, want := range all {
		if got := p.next(); got != want {
			p.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func (n *node) metric(name string) float64 {
	n.s.t.Helper()
	families, err := n.metrics.Gather()
	must(n.s.t, err)
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	n.s.t.Fatalf("no metric %s", name)
	return 0
}

func id(position int) string { return fmt.Sprint(position) }

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
