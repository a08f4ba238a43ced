package events_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
)

type dbQuerier = db.Querier

// following runs Follow in the background and returns what it gets and how it ends.
func following(ctx context.Context, o *events.Outbox, from int64) (<-chan events.Event, <-chan error) {
	got, end := make(chan events.Event, 10_000), make(chan error, 1)
	go func() {
		end <- o.Follow(ctx, from, func(e events.Event) error { got <- e; return nil })
	}()
	return got, end
}

func TestFollow(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		o, other := s.started(), s.started()
		s.put(o, "desk.opened a", "desk.opened b")
		ctx, cancel := context.WithCancel(t.Context())
		here, endHere := following(ctx, o, 0)
		there, endThere := following(t.Context(), other, 1)
		if e := await(t, here); e.Position != 1 || e.Subject != "a" {
			t.Errorf("first: %+v", e)
		}
		await(t, here)
		s.settle(2, poll, func() bool { return len(there) == 1 }) // the other node has to look
		if e := await(t, there); e.Position != 2 || e.Subject != "b" {
			t.Errorf("first elsewhere: %+v", e)
		}
		s.put(o, "desk.opened c")
		if e := await(t, here); e.Position != 3 {
			t.Errorf("next: %+v", e)
		}
		cancel()
		if err := await(t, endHere); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		other.Stop(t.Context())
		if err := await(t, endThere); err != nil {
			t.Errorf("Stop ended it with %v", err)
		}
	})
}

func TestFollowFromHeadBeginsWithTheNext(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		o := s.started()
		s.put(o, "desk.opened a")
		s.settle(1, poll, func() bool { head, err := o.Head(t.Context()); must(t, err); return head == 1 })
		enough := errors.New("enough")
		begun, end := make(chan struct{}), make(chan error, 1)
		go func() {
			close(begun)
			end <- o.Follow(t.Context(), events.FromHead, func(e events.Event) error {
				return fmt.Errorf("%s: %w", e.Subject, enough)
			})
		}()
		await(t, begun)
		// The goroutine may not have asked for the head yet; whichever comes first after that ends it.
		for i := 0; len(end) == 0; i++ {
			s.put(o, fmt.Sprintf("desk.opened later%d", i))
		}
		if err := await(t, end); !errors.Is(err, enough) || err.Error() == "a: enough" {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestSinceHasNoGaps(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		o := s.started()
		for i := range 20 {
			s.put(o, fmt.Sprintf("desk.opened s%d", i%3), "desk.closed x")
		}
		s.settle(1, poll, func() bool { head, err := o.Head(t.Context()); must(t, err); return head == 40 })
		list, err := o.Since(t.Context(), 3, 30)
		must(t, err)
		if len(list) != 30 || list[0].Position != 4 || list[29].Position != 33 {
			t.Errorf("%d events from %d to %d", len(list), list[0].Position, list[len(list)-1].Position)
		}
	})
}

// While the database does not answer, deliveries wait; then they go on.
func TestAnOutageIsSurvived(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.started(in.sub("desk.react", "desk.opened"))
		must(t, s.write(func(ctx context.Context, q db.Querier) error {
			_, err := q.ExecContext(ctx, "alter table events_head rename to events_gone")
			return err
		}))
		s.put(o, "desk.opened a")
		s.settle(1, poll, func() bool { return contains(s.logged, "the outbox cannot be read") })
		s.clock.Advance(time.Minute)
		must(t, s.write(func(ctx context.Context, q db.Querier) error {
			_, err := q.ExecContext(ctx, "alter table events_gone rename to events_head")
			return err
		}))
		s.settle(1, poll, func() bool { return len(in.got) > 0 })
		in.want("desk.opened a 1")
		s.settle(1, poll, func() bool { return contains(s.logged, "the outbox works again") })
	})
}
