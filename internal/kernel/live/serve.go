package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/events"
)

// resetEvent tells a page to fetch everything it shows again.
const resetEvent = "reset"

// retryAfter is how long a browser waits before it connects again.
const retryAfter = 2 * time.Second

// conn is one open page.
type conn struct {
	topics []string
	holder holder
	queue  chan message
	ended  chan struct{} // closed to end it
	once   sync.Once
}

// holder stands for whoever holds connections, without holding their secret.
type holder [sha256.Size]byte

// holderOf tells sessions apart by their cookie or token; a client that has neither is the address it comes from.
func holderOf(r *http.Request) holder {
	for _, c := range r.Cookies() {
		if strings.HasSuffix(c.Name, "tongban-session") && c.Value != "" {
			return sha256.Sum256([]byte("session " + c.Value))
		}
	}
	if token := r.Header.Get("Authorization"); token != "" {
		return sha256.Sum256([]byte("token " + token))
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return sha256.Sum256([]byte("address " + host))
}

// message says that something happened to topics.
type message struct {
	position int64
	topics   []string
}

func (c *conn) end() { c.once.Do(func() { close(c.ended) }) }

// Serve streams what happens to topics until the client leaves, is too slow, has been here for Life, or the Hub stops.
// The caller has authorised the client for the topics. An error means that nothing was written: ErrFull, ErrCrowded,
// ErrStopping, ErrTopics, or a ResponseWriter that cannot stream.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, topics []string) error {
	wrong := func(t string) bool { return !validTopic(t) }
	if len(topics) == 0 || len(topics) > MaxTopics || slices.ContainsFunc(topics, wrong) {
		return ErrTopics.With("max", MaxTopics)
	}
	c := &conn{topics: topics, holder: holderOf(r), queue: make(chan message, h.Queue), ended: make(chan struct{})}
	joined, err := h.join(c)
	if err != nil {
		return err
	}
	defer h.leave(c)
	p := h.past(r, c.topics, joined)
	out := &stream{w: w, rc: http.NewResponseController(w), within: h.WriteWithin}
	if err := out.open(); err != nil {
		return err
	}
	h.pump(r.Context(), c, out, p)
	return nil
}

// past is where a connection begins.
type past struct {
	missed []message // what the client has not seen yet
	reset  bool      // it cannot be told what it missed
	from   int64     // it has seen, or is told now, everything up to here
}

// past finds out what happened to the topics between what the client has seen and joined. It has to begin anew when it
// was away for too long or speaks of positions that never were, as after a restore.
func (h *Hub) past(r *http.Request, topics []string, joined int64) past {
	last := r.Header.Get("Last-Event-ID") // the browser's, on coming back, knows more than the address
	if last == "" {
		last = r.URL.Query().Get("since")
	}
	if last == "" {
		return past{from: joined}
	}
	anew := past{reset: true, from: joined}
	seen, err := strconv.ParseInt(last, 10, 64)
	if err != nil || seen < 0 || joined-seen > int64(h.Replay) {
		return anew
	}
	if seen >= joined {
		// Ahead of this node: the client comes from one that is quicker. What it has seen is not told again.
		if head, err := h.Events.Head(r.Context()); err != nil || seen > head {
			return anew
		}
		return past{from: seen}
	}
	list, err := h.Events.Since(r.Context(), seen, int(joined-seen))
	if err != nil || int64(len(list)) < joined-seen { // not to be read, or deleted by retention
		return anew
	}
	return past{missed: h.pick(list, topics), from: joined}
}

func (h *Hub) pick(past []events.Event, topics []string) []message {
	var list []message
	for _, e := range past {
		var mine []string
		for _, t := range h.topicsOf(e) {
			if slices.Contains(topics, t) {
				mine = append(mine, t)
			}
		}
		if len(mine) > 0 {
			list = append(list, message{position: e.Position, topics: mine})
		}
	}
	return list
}

// pump writes messages and heartbeats until the connection ends.
func (h *Hub) pump(ctx context.Context, c *conn, out *stream, p past) {
	if p.reset {
		p.missed = []message{{position: p.from, topics: []string{resetEvent}}}
	}
	for _, m := range p.missed {
		if out.message(m) != nil {
			return
		}
	}
	if out.mark(p.from) != nil {
		return
	}
	life := h.Clock.NewTimer(h.Life)
	defer life.Stop()
	beat := h.Clock.NewTimer(h.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-c.ended:
			return
		case <-life.C():
			return
		case m := <-c.queue:
			if m.position > p.from {
				err = out.message(m)
			}
		case <-beat.C():
			err = out.heartbeat()
			beat.Reset(h.Heartbeat)
		}
		if err != nil {
			return
		}
	}
}

// stream writes server-sent events.
type stream struct {
	w      http.ResponseWriter
	rc     *http.ResponseController
	within time.Duration // the network's time, the machine's, also in tests with a clock of their own
	buf    bytes.Buffer
}

func (s *stream) open() error {
	// A server's read timeout would end the request while it is answered.
	if err := s.rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("open a live stream: %w", err)
	}
	head := s.w.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no") // nginx would keep messages until it has enough of them
	s.w.WriteHeader(http.StatusOK)
	fmt.Fprintf(&s.buf, "retry: %d\n\n", retryAfter.Milliseconds())
	if err := s.flush(); errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("open a live stream: %w", err)
	}
	return nil // whoever has gone already is noticed by the pump
}

// message writes one event per topic. Only the last of them carries the id: a client that loses the connection within
// them must get all of them again.
func (s *stream) message(m message) error {
	for i, t := range m.topics {
		fmt.Fprintf(&s.buf, "event: %s\n", t)
		if i == len(m.topics)-1 {
			fmt.Fprintf(&s.buf, "id: %d\n", m.position)
		}
		fmt.Fprintf(&s.buf, "data: %d\n\n", m.position)
	}
	return s.flush()
}

// mark tells the client a position without an event, so that it knows where to go on before the first one.
func (s *stream) mark(position int64) error {
	fmt.Fprintf(&s.buf, "id: %d\n\n", position)
	return s.flush()
}

func (s *stream) heartbeat() error {
	s.buf.WriteString(": \n\n")
	return s.flush()
}

func (s *stream) flush() error {
	defer s.buf.Reset()
	until := clock.System().Now().Add(s.within)
	if err := s.rc.SetWriteDeadline(until); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		return err
	}
	return s.rc.Flush()
}
