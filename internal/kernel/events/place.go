package events

import (
	"context"
	"time"

	"tongban/internal/kernel/db"
)

// placeBatch is how many facts get their positions in one transaction.
const placeBatch = 1000

// watch gives committed facts their positions and tells this node's deliveries and followers about them.
func (o *Outbox) watch(ctx context.Context) {
	failing := false
	for {
		err := o.lookNow(ctx)
		switch {
		case err == nil && failing:
			o.Log.InfoContext(ctx, "the outbox works again")
		case err != nil && !failing && ctx.Err() == nil:
			o.Log.ErrorContext(ctx, "the outbox cannot be read; trying on", "error", err)
		}
		failing = err != nil
		if !o.sleep(o.wake, o.Poll) {
			return
		}
	}
}

func (o *Outbox) lookNow(ctx context.Context) error {
	s, err := readSight(ctx, o.DB.Reader())
	if err != nil {
		return err
	}
	if s.unplaced {
		if s.head, err = o.place(ctx); err != nil {
			return err
		}
	}
	if err := o.announce(ctx, s.head); err != nil {
		return err
	}
	if !s.due.IsZero() && !s.due.After(o.Clock.Now()) {
		return o.wakeDue(ctx)
	}
	return nil
}

// place gives positions until no committed fact is without one, and returns the last position.
//
// A node does not have to be elected for this. The update of the head row is a lock: it makes the placing
// transactions of all nodes follow one another, so that positions become visible in ascending order. An elected
// node would cost the others a poll of latency, and an idle system the renewal of its lease.
func (o *Outbox) place(ctx context.Context) (int64, error) {
	for {
		var head, n int64
		err := o.DB.Write(ctx, func(ctx context.Context, q db.Querier) (err error) {
			if head, err = lockHead(ctx, q); err != nil {
				return err
			}
			if n, err = placeNext(ctx, q, head, placeBatch); err != nil || n == 0 {
				return err
			}
			return moveHead(ctx, q, head+n)
		})
		if err != nil {
			return 0, err
		}
		if n < placeBatch {
			return head + n, nil
		}
	}
}

// announce tells the deliveries which want one of the types between what was seen and head, and all followers.
func (o *Outbox) announce(ctx context.Context, head int64) error {
	seen := o.seen.Load()
	if head <= seen {
		return nil
	}
	for seen < head {
		last, err := eachType(ctx, o.DB.Reader(), seen, head, func(position int64, kind string) {
			for _, d := range o.subs { // does not change after Start
				if d.wants[kind] {
					d.target.Store(position)
				}
			}
		})
		if err != nil {
			return err
		}
		seen = last
		o.seen.Store(seen) // after the targets: a delivery reads them in the other order
	}
	for _, d := range o.subs {
		if d.behind(seen) {
			ring(d.bell)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return nil
}

// wakeDue wakes the deliveries that have a failed event to try again.
func (o *Outbox) wakeDue(ctx context.Context) error {
	names, err := dueSubscriptions(ctx, o.DB.Reader(), o.Clock.Now())
	for _, name := range names {
		if d, ok := o.subs[name]; ok {
			d.retry.Store(true)
			ring(d.bell)
		}
	}
	return err
}

// sight is what a node sees at a glance.
type sight struct {
	head     int64
	unplaced bool      // there are committed facts without a position
	due      time.Time // when the next failed event is to be tried again; zero: none is
}
