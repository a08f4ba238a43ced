package events_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/events"
)

// ledger checks what several nodes deliver of one subscription.
type ledger struct {
	mu      sync.Mutex
	last    map[string]int64 // the last number handled, by subject
	total   int
	faults  []string
	at      atomic.Int64 // reactions that run now
	done    chan struct{}
	want    int
	flaky   bool
	touched map[string]bool
}

func newLedger(want int) *ledger {
	return &ledger{last: map[string]int64{}, done: make(chan struct{}), want: want, touched: map[string]bool{}}
}

func (l *ledger) handle(_ context.Context, e events.Event) error {
	if l.at.Add(1) > 1 {
		l.fault("two nodes deliver at once")
	}
	defer l.at.Add(-1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flaky && !l.touched[e.ID] && rand.N(30) == 0 {
		l.touched[e.ID] = true
		return errors.New("this once")
	}
	switch {
	case e.Seq <= l.last[e.Subject]:
		l.faults = append(l.faults, fmt.Sprintf("%s %d again", e.Subject, e.Seq))
	case e.Seq > l.last[e.Subject]+1:
		l.faults = append(l.faults, fmt.Sprintf("%s %d after %d", e.Subject, e.Seq, l.last[e.Subject]))
	}
	l.last[e.Subject] = e.Seq
	if l.total++; l.total == l.want {
		close(l.done)
	}
	return nil
}

func (l *ledger) fault(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, text)
}

func TestOrderUnderConcurrentWritersOnSeveralNodes(t *testing.T) {
	const nodes, writers, rounds = 3, 6, 15
	each(t, func(t *testing.T, s *site) {
		l := newLedger(writers * rounds * 2)
		l.flaky = true
		var all []*events.Outbox
		for range nodes {
			o := s.nodeWith(events.Deps{Clock: clock.System(), Poll: 5 * time.Millisecond},
				events.Subscription{Name: "desk.react", Types: []string{"desk.opened"}, Handle: l.handle})
			must(t, o.Start(t.Context()))
			all = append(all, o)
		}
		var w sync.WaitGroup
		for i := range writers {
			w.Go(func() {
				for range rounds {
					a, b := rand.N(4), rand.N(4)
					if err := s.tryPut(all[i%nodes], fmt.Sprintf("desk.opened s%d", a), fmt.Sprintf("desk.opened s%d", b)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		w.Wait()
		await(t, l.done)
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, f := range l.faults {
			t.Error(f)
		}
	})
}

// A node that dies in the middle loses nothing: another goes on from the stored cursor when the lease is over.
func TestADeadNodesWorkIsTakenOver(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in, hang := newInbox(t), make(chan struct{})
		stuck := make(chan struct{}, 1)
		doomed := s.started(events.Subscription{Name: "desk.react", Types: []string{"desk.opened"},
			Handle: func(_ context.Context, e events.Event) error {
				if e.Seq == 2 {
					stuck <- struct{}{}
					<-hang
				}
				return nil
			}})
		s.put(doomed, "desk.opened t1", "desk.opened t1", "desk.opened t2")
		await(t, stuck)
		doomed.Kill()
		s.started(in.sub("desk.react", "desk.opened"))
		s.clock.BlockUntil(2) // it looks for facts, and waits for the lease
		s.clock.Advance(lease - time.Second)
		s.clock.BlockUntil(2)
		in.wantNothing()
		s.settle(1, poll, func() bool { return len(in.got) > 0 })
		in.want("desk.opened t1 1", "desk.opened t1 2", "desk.opened t2 1") // the first one again: at least once
		close(hang)
	})
}

// A node that was asleep for longer than its lease does not store over what another did meanwhile.
func TestASleeperLosesItsSubscription(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in, late := newInbox(t), newInbox(t)
		stuck, hang := make(chan struct{}, 1), make(chan struct{})
		sleeper := s.started(events.Subscription{Name: "desk.react", Types: []string{"desk.opened"},
			Handle: func(ctx context.Context, e events.Event) error {
				if e.Seq == 1 {
					stuck <- struct{}{}
					<-hang
					return errors.New("it fails here, but has succeeded there")
				}
				return late.handle(ctx, e)
			}})
		s.put(sleeper, "desk.opened t1", "desk.opened t1")
		await(t, stuck)
		other := s.started(in.sub("desk.react", "desk.opened"))
		s.settle(2, time.Second, func() bool { return len(in.got) == 2 })
		in.want("desk.opened t1 1", "desk.opened t1 2")
		s.settle(1, 0, func() bool { return s.lag(other, "desk.react").Position == 2 })
		close(hang)
		s.clock.BlockUntil(3) // the sleeper waits again
		late.wantNothing()
		if rows := s.parked(other); len(rows) != 0 {
			t.Errorf("the sleeper stored %+v", rows)
		}
	})
}

func TestStopGivesTheSubscriptionBack(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in, also := newInbox(t), newInbox(t)
		stuck, hang := make(chan struct{}), make(chan struct{})
		first := s.started(events.Subscription{Name: "desk.react", Types: []string{"desk.opened"},
			Handle: func(ctx context.Context, e events.Event) error {
				close(stuck)
				<-hang
				return in.handle(ctx, e)
			}})
		s.put(first, "desk.opened t1", "desk.opened t2")
		await(t, stuck)
		stopped := make(chan struct{})
		go func() {
			first.Stop(context.Background())
			close(stopped)
		}()
		await(t, first.Stopping())
		close(hang)
		await(t, stopped)
		in.want("desk.opened t1 1") // what ran was finished, the next was not begun
		in.wantNothing()
		s.started(also.sub("desk.react", "desk.opened"))
		also.want("desk.opened t2 1") // at once: no lease to wait for
	})
}

// A reaction cut off by Stop has not failed; it is delivered again.
func TestStopCancelsWhatDoesNotFinish(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		stuck := make(chan struct{})
		first := s.started(events.Subscription{Name: "desk.react", Types: []string{"desk.opened"},
			Handle: func(ctx context.Context, e events.Event) error {
				close(stuck)
				<-ctx.Done()
				return ctx.Err()
			}})
		s.put(first, "desk.opened t1")
		await(t, stuck)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		first.Stop(over)
		in := newInbox(t)
		second := s.started(in.sub("desk.react", "desk.opened"))
		in.want("desk.opened t1 1")
		if rows := s.parked(second); len(rows) != 0 {
			t.Errorf("held: %+v", rows)
		}
	})
}

// A subscription that wants little still moves its cursor, so that retention can delete what it has passed.
func TestTheCursorOfARareSubscriptionMoves(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.started(in.sub("desk.react", "desk.rare"))
		facts := make([]string, 100)
		for i := range facts {
			facts[i] = fmt.Sprintf("desk.often t%d", i)
		}
		for range events.Slack / len(facts) {
			s.put(o, facts...)
		}
		s.settle(1, poll, func() bool { return s.lag(o, "desk.react").Position >= events.Slack })
		s.put(o, "desk.rare r")
		in.want("desk.rare r 1")
		s.settle(1, 0, func() bool { return s.lag(o, "desk.react").Position == events.Slack+1 })
	})
}

func TestPurgeKeepsWhatIsStillNeeded(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		in.failOn("desk.opened bad 1", errPoison)
		o := s.node(in.sub("desk.react", "desk.opened"))
		purge := func() int64 {
			t.Helper()
			var n int64
			must(t, s.write(func(ctx context.Context, q dbQuerier) (err error) {
				n, err = o.Purge(ctx, q, s.clock.Now().Add(-24*time.Hour))
				return err
			}))
			return n
		}
		s.put(o, "desk.opened bad", "desk.opened good", "desk.other x")
		s.clock.Advance(48 * time.Hour)
		if n := purge(); n != 0 {
			t.Errorf("%d deleted before the subscription began", n)
		}
		must(t, o.Start(t.Context()))
		in.want("desk.opened bad 1", "desk.opened good 1")
		s.put(o, "desk.opened young", "desk.opened young")
		in.want("desk.opened young 1", "desk.opened young 2")
		s.settle(1, 0, func() bool { return s.lag(o, "desk.react").Position == 5 })
		if n := purge(); n != 2 {
			t.Errorf("%d deleted, want two: the third old one is held", n)
		}
		if got := s.parked(o); len(got) != 1 || got[0].Event.Subject != "bad" {
			t.Errorf("held: %+v", got)
		}
		s.put(o, "desk.opened good")
		in.want("desk.opened good 2") // numbers go on
	})
}

func TestPurgeWithoutSubscriptions(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		o := s.started()
		s.put(o, "desk.opened a")
		s.settle(1, poll, func() bool { head, err := o.Head(t.Context()); must(t, err); return head == 1 })
		s.clock.Advance(time.Hour)
		must(t, s.write(func(ctx context.Context, q dbQuerier) error {
			n, err := o.Purge(ctx, q, s.clock.Now())
			if n != 1 {
				t.Errorf("%d deleted, want 1", n)
			}
			return err
		}))
	})
}
