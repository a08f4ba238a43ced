package live_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/live"
)

func TestPagesAreToldWhatTheyAskedFor(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node()
		one, both := n.open("topic=thing.a", ""), n.open("topic=thing.b&topic=all", "")
		one.want("id 0")
		both.want("id 0")
		n.put("a", "b")
		one.want("thing.a 1")
		both.want("all 1", "thing.b 2", "all 2")
		n.put("a")
		one.want("thing.a 3")
		if open := n.metric("tongban_live_connections"); open != 2 {
			t.Errorf("%v connections counted", open)
		}
	})
}

func TestOtherNodesPagesAreTold(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		here, there := s.node(), s.node()
		p := there.open("topic=thing.a", "")
		p.want("id 0")
		here.put("a", "x", "a")
		there.reaches(3, 4)
		p.want("thing.a 1", "thing.a 3")
	})
}

// A page that comes back, to whichever node, gets everything once.
func TestComingBackLosesAndDoublesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		nodes := []*node{s.node(), s.node()}
		p := nodes[0].open("topic=thing.a", "")
		p.want("id 0")
		var got []string
		put := 0
		for round := range 6 {
			nodes[round%2].put("a", "other", "a")
			put += 3
			nodes[0].reaches(int64(put), 4)
			nodes[1].reaches(int64(put), 4)
			if round%3 == 0 { // it is told while connected, too
				got = append(got, p.next())
			}
			p.cancel()
			for p.next() != "end" { // what was on its way when the connection broke is lost with it
			}
			last := "0" // what was told and not read is as good as lost
			if len(got) > 0 {
				last = strings.Fields(got[len(got)-1])[1]
			}
			nodes[(round+1)%2].put("a")
			put++
			nodes[0].reaches(int64(put), 2)
			nodes[1].reaches(int64(put), 2)
			p = nodes[(round+1)%2].open("topic=thing.a", last)
			for next := p.next(); next != "id "+id(put); next = p.next() {
				got = append(got, next)
			}
		}
		var want []string
		for i := range put {
			if i%4 != 1 {
				want = append(want, fmt.Sprintf("thing.a %d", i+1))
			}
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

// A page names the position it was made at, so that what happens before it connects is not lost.
func TestSinceThePageWasMade(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node()
		n.put("a")
		n.reaches(1, 1)
		at := n.hub.Position()
		n.put("a")
		n.reaches(2, 1)
		p := n.open(fmt.Sprintf("topic=thing.a&since=%d", at), "")
		p.want("thing.a 2", "id 2")
		p = n.open(fmt.Sprintf("topic=thing.a&since=%d", at), "2") // the browser knows more than the address
		p.want("id 2")
	})
}

// One event with two topics is two messages; only the last carries the id, or the second could be lost.
func TestTheIDComesLast(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node()
		p := n.open("topic=thing.a&topic=all", "")
		p.want("id 0")
		n.put("a")
		p.want("thing.a 1")
		if p.lastID != "0" {
			t.Errorf("id %s after the first of two messages", p.lastID)
		}
		p.want("all 1")
		if p.lastID != "1" {
			t.Errorf("id %s after the last", p.lastID)
		}
	})
}

func TestWhoCannotBeToldIsReset(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node(func(d *live.Deps) { d.Replay = 5 })
		n.put("a", "a", "a", "a", "a", "a", "a", "a")
		n.reaches(8, 1)
		n.open("topic=thing.a", "2").want("reset 8", "id 8")    // away for too long
		n.open("topic=thing.a", "9").want("reset 8", "id 8")    // from before a restore
		n.open("topic=thing.a", "junk").want("reset 8", "id 8") // from elsewhere
		n.open("topic=thing.a", "-1").want("reset 8", "id 8")
		n.open("topic=thing.a", "3").want("thing.a 4")
		s.clock.Advance(time.Hour)
		must(t, s.db.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			_, err := n.out.Purge(ctx, q, s.clock.Now())
			return err
		}))
		n.open("topic=thing.a", "4").want("reset 8", "id 8") // deleted by retention
	})
}

// A node that lags behind the one the page comes from tells it nothing again.
func TestAPageThatIsAheadWaits(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		quick := s.node()
		slow := s.nodeAt(clock.NewFake(noon)) // its clock never ticks, so it does not look
		quick.put("a", "a")
		quick.reaches(2, 1)
		p := slow.open("topic=thing.a", "2")
		p.want("id 2")
		slow.put("a") // now it does
		p.want("thing.a 3")
	})
}

func TestHeartbeatAndLife(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node(func(d *live.Deps) { d.Life = time.Minute })
		p := n.open("topic=thing.a", "")
		p.beats = true
		p.want("id 0")
		s.clock.BlockUntil(3) // the outbox's, and two of the connection
		s.clock.Advance(20 * time.Second)
		p.want(":")
		s.clock.BlockUntil(3)
		s.clock.Advance(20 * time.Second)
		p.want(":")
		s.clock.BlockUntil(3)
		s.clock.Advance(20 * time.Second)
		if last := p.next(); last == ":" {
			p.want("end")
		} else if last != "end" {
			t.Errorf("got %q", last)
		}
	})
}

// deafWriter is a client that does not read: its first write blocks until the test lets go.
type deafWriter struct {
	http.ResponseWriter
	writes  chan struct{}
	release chan struct{}
}

func (d *deafWriter) Write(b []byte) (int, error) {
	d.writes <- struct{}{}
	<-d.release
	return d.ResponseWriter.Write(b)
}

func (d *deafWriter) Flush() {}

func TestASlowPageIsDroppedAndTheOthersAreNot(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node(func(d *live.Deps) { d.Queue = 4 })
		deaf := &deafWriter{ResponseWriter: httptest.NewRecorder(), writes: make(chan struct{}, 100), release: make(chan struct{})}
		ended := make(chan error, 1)
		go func() {
			ended <- n.hub.Serve(deaf, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), []string{"thing.a"})
		}()
		<-deaf.writes
		p := n.open("topic=thing.a", "")
		p.want("id 0")
		for i := 1; i <= 5; i++ { // one more than fits
			n.put("a")
			p.want(fmt.Sprintf("thing.a %d", i))
		}
		if dropped := n.metric("tongban_live_dropped_total"); dropped != 1 {
			t.Errorf("%v connections dropped, want 1", dropped)
		}
		close(deaf.release)
		must(t, <-ended)
	})
}

func TestLimits(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node(func(d *live.Deps) { d.Connections = 1 })
		many := url.Values{}
		for i := range live.MaxTopics + 1 {
			many.Add("topic", id(i))
		}
		refused := func(query string, status int, text string) {
			t.Helper()
			resp := n.request(t.Context(), query, "")
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			if resp.StatusCode != status || strings.TrimSpace(string(body)) != text {
				t.Errorf("%s: %d %q, want %d %q", query, resp.StatusCode, body, status, text)
			}
		}
		refused("", http.StatusUnprocessableEntity, "live.topics")
		refused(many.Encode(), http.StatusUnprocessableEntity, "live.topics")
		refused("topic=a&topic="+url.QueryEscape("b\nevent: c"), http.StatusUnprocessableEntity, "live.topics")
		refused("topic=reset", http.StatusUnprocessableEntity, "live.topics")
		p := n.open("topic=thing.a", "")
		p.want("id 0")
		refused("topic=thing.a", http.StatusServiceUnavailable, "live.full")
		p.cancel()
		for { // its place is free when the server has noticed
			resp := n.request(t.Context(), "topic=thing.a", "")
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
	})
}

// One session may not take the places of all others, wherever it comes from.
func TestASessionHasItsShareOnly(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node(func(d *live.Deps) { d.Each = 2 })
		serve := func(ctx context.Context, cookie string) <-chan error {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			if cookie != "" {
				r.Header.Set("Cookie", "other=1; "+cookie)
			}
			ended := make(chan error, 1)
			before := n.metric("tongban_live_connections")
			go func() { ended <- n.hub.Serve(httptest.NewRecorder(), r, []string{"thing.a"}) }()
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for len(ended) == 0 && n.metric("tongban_live_connections") == before {
				<-tick.C
			}
			return ended
		}
		const mine, theirs = "__Host-tongban-session=mine", "tongban-session=theirs"
		ctx, leave := context.WithCancel(t.Context())
		first := serve(ctx, mine)
		serve(t.Context(), mine)
		if err := <-serve(t.Context(), mine); !errors.Is(err, live.ErrCrowded) || errs.Status(err) != http.StatusTooManyRequests {
			t.Errorf("third connection: %v", err)
		}
		for _, other := range []string{theirs, theirs, ""} {
			if ended := serve(t.Context(), other); len(ended) > 0 {
				t.Errorf("%q: %v", other, <-ended)
			}
		}
		leave()
		must(t, <-first)
		if ended := serve(t.Context(), mine); len(ended) > 0 {
			t.Errorf("its place is not free again: %v", <-ended)
		}
	})
}

func TestStopEndsTheStreams(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node()
		p := n.open("topic=thing.a", "")
		p.want("id 0")
		n.hub.Stop(t.Context())
		p.want("end")
		resp := n.request(t.Context(), "topic=thing.a", "")
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("answer %s after Stop", resp.Status)
		}
		n.hub.Stop(t.Context())
		if n.hub.Start(t.Context()) == nil {
			t.Error("started again")
		}
		if _, err := live.New(live.Deps{Metrics: n.metrics}); err == nil {
			t.Error("metrics were registered twice")
		}
	})
}

// Events hold data of persons; the stream does not.
func TestTheStreamHoldsNoData(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node()
		ctx, cancel := context.WithCancel(t.Context())
		resp := n.request(ctx, "topic=thing.a", "")
		n.put("a")
		buf, got := make([]byte, 1), ""
		for !strings.Contains(got, "data: 1\n\n") {
			if _, err := resp.Body.Read(buf); err != nil {
				t.Fatal(err)
			}
			got += string(buf)
		}
		cancel()
		resp.Body.Close()
		if want := "retry: 2000\n\nid: 0\n\nevent: thing.a\nid: 1\ndata: 1\n\n"; got != want {
			t.Errorf("stream %q, want %q", got, want)
		}
	})
}

func TestABrokenMappingHurtsNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node(func(d *live.Deps) {
			d.Topics = []live.Topics{
				func(events.Event) []string { panic("ouch") },
				func(events.Event) []string { return []string{"", "two words", "reset", "thing.a", "thing.a"} },
			}
		})
		p := n.open("topic=thing.a", "")
		p.want("id 0")
		n.put("a", "a")
		p.want("thing.a 1", "thing.a 2")
		if !strings.Contains(n.logged.String(), "panicked") {
			t.Error("the log tells nothing")
		}
	})
}

// A writer that cannot stream is a mistake of the program, and said so.
func TestAWriterThatCannotStream(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		n := s.node()
		w := struct{ http.ResponseWriter }{httptest.NewRecorder()}
		err := n.hub.Serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), []string{"a"})
		if !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("error = %v", err)
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	b, err := i18n.New(live.Words)
	must(t, err)
	l := b.Locale(i18n.En, nil)
	for _, e := range []*errs.Error{live.ErrFull, live.ErrStopping, live.ErrTopics, live.ErrCrowded} {
		if !l.Has("error." + e.Code) {
			t.Errorf("%s has no words", e.Code)
		}
	}
}
