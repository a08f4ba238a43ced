package live

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
)

// Words are the texts of this package in the languages of the program.
//
//go:embed locales
var Words embed.FS

// The failures of Serve, before anything was written.
var (
	ErrFull     = errs.Define(errs.Unavailable, "live.full")
	ErrStopping = errs.Define(errs.Unavailable, "live.stopping")
	ErrTopics   = errs.Define(errs.Invalid, "live.topics")
	ErrCrowded  = errs.DefineStatus(errs.Unavailable, "live.crowded", http.StatusTooManyRequests)
)

// Topics tells which topics an event touches, e.g. "desk.ticket.0198…". It must be quick and must not block.
type Topics func(events.Event) []string

// Deps is what a Hub needs. Zero numbers and durations stand for the defaults.
type Deps struct {
	Events  *events.Outbox // to be started before the Hub and stopped after it
	Clock   clock.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Topics  []Topics

	Connections int           // at once on this node; default 5000
	Each        int           // of them of one session; default 20
	Queue       int           // messages that may wait for one client before it is dropped; default 64
	Replay      int           // events looked through for a client that comes back, else it gets "reset"; default 2000
	Heartbeat   time.Duration // default 20 s
	Life        time.Duration // a connection ends after this, so that the client is authorised anew; default 15 min
	WriteWithin time.Duration // a client that takes longer to accept a message is dropped; default 10 s
}

// MaxTopics is how many topics one connection may have.
const MaxTopics = 64

// Hub pushes what happens to the open pages of this node. It is safe for concurrent use.
type Hub struct {
	Deps
	open    prometheus.Gauge
	dropped prometheus.Counter

	mu       sync.Mutex // guards what follows
	stage    stage
	position int64 // events up to here were told to the connections
	topics   map[string]map[*conn]bool
	conns    map[*conn]bool
	holders  map[holder]int // how many connections each session has
	cancel   context.CancelFunc
	followed chan struct{} // closed when the following has ended
	left     chan struct{} // closed and replaced when a connection has ended
}

type stage int

const (
	fresh stage = iota
	started
	stopped
)

// New returns a Hub.
func New(d Deps) (*Hub, error) {
	d.Connections = orElse(d.Connections, 5000)
	d.Each = orElse(d.Each, 20)
	d.Queue = orElse(d.Queue, 64)
	d.Replay = orElse(d.Replay, 2000)
	d.Heartbeat = orElse(d.Heartbeat, 20*time.Second)
	d.Life = orElse(d.Life, 15*time.Minute)
	d.WriteWithin = orElse(d.WriteWithin, 10*time.Second)
	h := &Hub{
		Deps: d, topics: map[string]map[*conn]bool{}, conns: map[*conn]bool{}, holders: map[holder]int{},
		followed: make(chan struct{}), left: make(chan struct{}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tongban_live_connections", Help: "Open pages this node pushes to.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tongban_live_dropped_total", Help: "Connections ended because the client was too slow.",
		}),
	}
	if err := errors.Join(d.Metrics.Register(h.open), d.Metrics.Register(h.dropped)); err != nil {
		return nil, fmt.Errorf("register live metrics: %w", err)
	}
	return h, nil
}

func orElse[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Start begins to follow the events.
func (h *Hub) Start(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stage != fresh {
		return errors.New("live: Start a second time")
	}
	head, err := h.Events.Head(ctx)
	if err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.stage, h.position, h.cancel = started, head, cancel
	go func() {
		defer close(h.followed)
		err := h.Events.Follow(run, head, h.tell)
		if err != nil && run.Err() == nil {
			h.Log.ErrorContext(run, "live updates have ended", "error", err)
		}
	}()
	return nil
}

// Stop ends all connections and waits until they have ended or ctx ends.
func (h *Hub) Stop(ctx context.Context) {
	h.mu.Lock()
	was := h.stage
	h.stage = stopped
	for c := range h.conns {
		c.end()
	}
	h.mu.Unlock()
	if was == fresh || h.cancel == nil {
		return
	}
	h.cancel()
	for {
		h.mu.Lock()
		n, left := len(h.conns), h.left
		h.mu.Unlock()
		if n == 0 {
			break
		}
		select {
		case <-left:
		case <-ctx.Done():
			return
		}
	}
	select {
	case <-h.followed:
	case <-ctx.Done():
	}
}

// Position returns the position up to which the connections of this node were told. A page that puts the value it
// got before it read its data into the address of its stream, as "since", misses nothing that happens in between.
func (h *Hub) Position() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.position
}

// tell passes an event to the connections that have one of its topics.
func (h *Hub) tell(e events.Event) error {
	topics := h.topicsOf(e)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.position = e.Position
	whom := map[*conn][]string{}
	for _, t := range topics {
		for c := range h.topics[t] {
			whom[c] = append(whom[c], t)
		}
	}
	for c, topics := range whom {
		select {
		case c.queue <- message{position: e.Position, topics: topics}:
		default: // it comes back and asks for what it missed
			h.dropped.Inc()
			c.end()
		}
	}
	return nil
}

// topicsOf returns the topics of e, each once. A mapping that panics loses its own topics only.
func (h *Hub) topicsOf(e events.Event) []string {
	var all []string
	for _, f := range h.Topics {
		for _, t := range h.mapSafely(f, e) {
			if validTopic(t) && !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}

func (h *Hub) mapSafely(f Topics, e events.Event) (topics []string) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("a mapping of events to topics panicked", "type", e.Type, "event", e.ID, "panic", p)
			topics = nil
		}
	}()
	return f(e)
}

// validTopic keeps out what would break a line of the stream, and the names the stream itself uses.
func validTopic(t string) bool {
	if t == "" || len(t) > 200 || t == resetEvent {
		return false
	}
	for _, r := range t {
		if r <= ' ' || r == 0x7f {
			return false
		}
	}
	return true
}

// join adds a connection and returns the position from which on it is told everything. Ask for earlier events with
// Events.Since.
func (h *Hub) join(c *conn) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stage != started {
		return 0, ErrStopping
	}
	if len(h.conns) >= h.Connections {
		return 0, ErrFull
	}
	if h.holders[c.holder] >= h.Each {
		return 0, ErrCrowded
	}
	h.conns[c] = true
	h.holders[c.holder]++
	for _, t := range c.topics {
		if h.topics[t] == nil {
			h.topics[t] = map[*conn]bool{}
		}
		h.topics[t][c] = true
	}
	h.open.Inc()
	return h.position, nil
}

func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	if h.holders[c.holder]--; h.holders[c.holder] == 0 {
		delete(h.holders, c.holder)
	}
	for _, t := range c.topics {
		delete(h.topics[t], c)
		if len(h.topics[t]) == 0 {
			delete(h.topics, t)
		}
	}
	h.open.Dec()
	close(h.left)
	h.left = make(chan struct{})
}
