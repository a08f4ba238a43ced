package events_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
)

var errPoison = errors.New(`cannot read "王小明" 13800138000`)

// holding returns a condition: the first held event is in state with so many attempts.
func (s *site) holding(o *events.Outbox, state events.HoldState, attempts int64) func() bool {
	return func() bool {
		rows := s.parked(o)
		return len(rows) == 1 && rows[0].State == state && rows[0].Attempts == attempts
	}
}

func TestPoisonIsParkedAndHoldsOnlyItsSubject(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		in.failOn("desk.opened bad 1", errPoison)
		o := s.started(in.sub("desk.react", "desk.opened"))
		s.put(o, "desk.opened bad", "desk.opened bad", "desk.opened good")
		in.want("desk.opened bad 1", "desk.opened good 1") // the clock has not moved
		for i, pause := range []time.Duration{time.Second, 4 * time.Second, 15 * time.Second, 40 * time.Second} {
			s.settle(1, 0, s.holding(o, events.Retrying, int64(i+1)))
			due := s.parked(o)[0].Due
			if wait := due.Sub(s.clock.Now()); wait > pause || wait < pause-4*poll {
				t.Errorf("attempt %d is to follow after %s, want %s", i+2, wait, pause)
			}
			s.clock.Set(due.Add(-time.Microsecond))
			s.put(o, fmt.Sprintf("desk.opened probe%d", i))
			in.want(fmt.Sprintf("desk.opened probe%d 1", i)) // and nothing before it: too early
			s.settle(1, poll, func() bool { return len(in.got) > 0 })
			in.want("desk.opened bad 1")
		}
		s.settle(1, 0, s.holding(o, events.Parked, events.MaxAttempts))
		s.clock.Advance(24 * time.Hour)
		s.put(o, "desk.opened bad", "desk.opened good")
		in.want("desk.opened good 2")
		s.settle(1, 0, func() bool { return s.parked(o)[0].Behind == 2 })
		in.wantNothing()
		checkParked(t, s, o)
	})
}

func checkParked(t *testing.T, s *site, o *events.Outbox) {
	t.Helper()
	held := s.parked(o)[0]
	if held.Subscription != "desk.react" || held.Event.Subject != "bad" || held.Event.Seq != 1 || held.ParkedAt.IsZero() {
		t.Errorf("parked: %+v", held)
	}
	if held.Error != "cannot read … …" {
		t.Errorf("stored error %q, want it without what may be somebody's data", held.Error)
	}
	if l := s.lag(o, "desk.react"); l.Parked != 3 || l.Retrying != 0 || l.Behind != 0 || l.Head != 9 || l.Position != 9 || l.Node != "node" {
		t.Errorf("lag: %+v", l)
	}
	if logged := s.logged.String(); !strings.Contains(logged, "an event is parked") || strings.Contains(logged, "王小明") {
		t.Errorf("log: %s", logged)
	}
}

// park makes the first event of "bad" poisonous and lets it be parked with two events behind it.
func (s *site) park(in *inbox) *events.Outbox {
	s.t.Helper()
	in.failOn("desk.opened bad 1", errPoison)
	o := s.started(in.sub("desk.react", "desk.opened"))
	s.put(o, "desk.opened bad", "desk.opened bad", "desk.opened bad")
	s.settle(1, poll, func() bool { return s.holding(o, events.Parked, events.MaxAttempts)() && s.parked(o)[0].Behind == 2 })
	for range events.MaxAttempts {
		in.want("desk.opened bad 1")
	}
	in.wantNothing()
	return o
}

func TestRetryDeliversInOrder(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.park(in)
		in.failOn("desk.opened bad 1", nil)
		must(t, s.write(func(ctx context.Context, q db.Querier) error { return o.Retry(ctx, q, "desk.react", "bad") }))
		in.want("desk.opened bad 1", "desk.opened bad 2", "desk.opened bad 3") // the clock has not moved
		s.settle(1, 0, func() bool { return len(s.parked(o)) == 0 })
		s.put(o, "desk.opened bad")
		in.want("desk.opened bad 4")
	})
}

func TestRetryOfWhatStillFailsParksAgain(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.park(in)
		must(t, s.write(func(ctx context.Context, q db.Querier) error { return o.Retry(ctx, q, "desk.react", "bad") }))
		in.want("desk.opened bad 1")
		s.settle(1, 0, s.holding(o, events.Retrying, 1))
		s.settle(1, poll, s.holding(o, events.Parked, events.MaxAttempts))
	})
}

func TestSkipGivesUpOneEvent(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.park(in)
		id := s.parked(o)[0].Event.ID
		in.failOn("desk.opened bad 3", errPoison)
		must(t, s.write(func(ctx context.Context, q db.Querier) error { return o.Skip(ctx, q, "desk.react", id) }))
		in.want("desk.opened bad 2", "desk.opened bad 3")
		s.settle(1, 0, s.holding(o, events.Retrying, 1))
		if held := s.parked(o)[0]; held.Event.Seq != 3 || held.Behind != 0 {
			t.Errorf("held now: %+v", held)
		}
	})
}

func TestRetryAndSkipOfNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.park(in)
		var waiting string
		must(t, s.db.Reader().QueryRowContext(t.Context(),
			"select event_id from events_parked where state = 'waiting' order by position limit 1").Scan(&waiting))
		for name, fn := range map[string]func(ctx context.Context, q db.Querier) error{
			"another subject":      func(ctx context.Context, q db.Querier) error { return o.Retry(ctx, q, "desk.react", "good") },
			"another subscription": func(ctx context.Context, q db.Querier) error { return o.Retry(ctx, q, "desk.no", "bad") },
			"no such event":        func(ctx context.Context, q db.Querier) error { return o.Skip(ctx, q, "desk.react", "x") },
			"one that waits":       func(ctx context.Context, q db.Querier) error { return o.Skip(ctx, q, "desk.react", waiting) },
		} {
			if err := s.write(fn); !errors.Is(err, events.ErrNotParked) {
				t.Errorf("%s: error = %v, want ErrNotParked", name, err)
			}
		}
	})
}

func TestParkedIsPaged(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in, also := newInbox(t), newInbox(t)
		for i := range 5 {
			in.failOn(fmt.Sprintf("desk.opened t%d 1", i), errPoison)
			also.failOn(fmt.Sprintf("desk.opened t%d 1", i), errPoison)
		}
		o := s.started(in.sub("desk.react", "desk.opened"), also.sub("desk.also", "desk.opened"))
		s.put(o, "desk.opened t0", "desk.opened t1", "desk.opened t2", "desk.opened t3", "desk.opened t4")
		s.settle(1, 0, func() bool { return len(s.parked(o)) == 10 })
		var got []string
		for p := (db.Page{Limit: 3}); ; {
			rows, next, err := o.Parked(t.Context(), s.db.Reader(), p)
			must(t, err)
			for _, r := range rows {
				got = append(got, r.Event.Subject+" "+r.Subscription)
			}
			if p.Cursor = next; next == "" {
				break
			}
		}
		want := "t0 desk.also,t0 desk.react,t1 desk.also,t1 desk.react,t2 desk.also,t2 desk.react,t3 desk.also,t3 desk.react,t4 desk.also,t4 desk.react"
		if strings.Join(got, ",") != want {
			t.Errorf("pages give %v", got)
		}
		if _, _, err := o.Parked(t.Context(), s.db.Reader(), db.Page{Cursor: "junk"}); err == nil {
			t.Error("a junk cursor was taken")
		}
	})
}

func TestPanicAndOverrunAreFailures(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		d := events.Deps{Clock: s.clock, HandleTimeout: time.Millisecond, Lease: lease}
		o := s.nodeWith(d, events.Subscription{Name: "desk.react", Types: []string{"desk.opened"},
			Handle: func(ctx context.Context, e events.Event) error {
				if e.Subject == "slow" {
					<-ctx.Done()
					return context.Cause(ctx)
				}
				panic("ouch")
			}})
		must(t, o.Start(t.Context()))
		s.put(o, "desk.opened slow", "desk.opened loud")
		s.settle(1, 0, func() bool { return len(s.parked(o)) == 2 })
		rows := s.parked(o)
		if rows[0].Error != "the reaction took too long" || rows[1].Error != "panic: ouch" {
			t.Errorf("errors %q and %q", rows[0].Error, rows[1].Error)
		}
		if !strings.Contains(s.logged.String(), "retry_test.go") {
			t.Error("the log does not tell where the reaction panicked")
		}
	})
}

// A held event survives a restart, and so does the order behind it.
func TestHeldEventsSurviveARestart(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		in.failOn("desk.opened bad 1", errPoison)
		first := s.started(in.sub("desk.react", "desk.opened"))
		s.put(first, "desk.opened bad", "desk.opened bad")
		in.want("desk.opened bad 1")
		s.settle(1, 0, s.holding(first, events.Retrying, 1))
		first.Stop(t.Context())
		s.put(first, "desk.opened bad")
		in.failOn("desk.opened bad 1", nil)
		s.started(in.sub("desk.react", "desk.opened"))
		s.settle(1, poll, func() bool { return len(in.got) == 3 })
		in.want("desk.opened bad 1", "desk.opened bad 2", "desk.opened bad 3")
	})
}
