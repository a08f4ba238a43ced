package events

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"tongban/internal/kernel/db"
)

const (
	batchSize  = 100             // events read at once
	window     = 5000            // positions looked through at once for the types wanted
	slack      = 1000            // positions the stored cursor may lag behind when nothing was wanted in between
	checkEvery = 1 * time.Second // how much work a crash may repeat
)

var (
	errLostLease = errors.New("another node took the subscription")
	errTooLong   = errors.New("the reaction took too long")
)

// delivery is one subscription on this node. Its fields below the atomics belong to its goroutine.
type delivery struct {
	o     *Outbox
	sub   Subscription
	wants map[string]bool
	bell  chan struct{}

	target atomic.Int64 // the last position known to hold an event it wants
	stored atomic.Int64 // the cursor as last read or written
	retry  atomic.Bool  // a failed event may be due again

	position  int64     // delivered up to here
	held      []hold    // failed or waiting behind a failed one, not stored yet
	until     time.Time // the end of our lease; zero: it is not ours
	checkedAt time.Time
}

// hold is an event that was not handled: it failed, or an earlier one of its subject did.
type hold struct {
	event    Event
	attempts int64
	due      time.Time
	err      string
}

func newDelivery(o *Outbox, s Subscription) *delivery {
	d := &delivery{o: o, sub: s, wants: map[string]bool{}, bell: make(chan struct{}, 1)}
	for _, t := range s.Types {
		d.wants[t] = true
	}
	return d
}

func (d *delivery) run(ctx context.Context) {
	failing := false
	for {
		wait, err := d.step(ctx)
		if ctx.Err() != nil {
			break // what was done before Stop cut in is stored by release
		}
		if err != nil {
			d.drop()
			if !failing {
				d.o.Log.ErrorContext(ctx, "a subscription cannot go on; trying on", "subscription", d.sub.Name, "error", err)
			}
			wait = 4 * d.o.Poll
		}
		failing = err != nil
		if !d.o.sleep(d.bell, wait) {
			break
		}
	}
	d.release(ctx)
}

// behind reports whether there is something to do, seen from what this node knows without asking.
func (d *delivery) behind(seen int64) bool {
	stored := d.stored.Load()
	return d.target.Load() > stored || seen-stored >= slack
}

// step does a piece of work and returns how long to sleep before the next.
func (d *delivery) step(ctx context.Context) (time.Duration, error) {
	if !d.retry.Load() && !d.behind(d.o.seen.Load()) {
		return never, nil
	}
	if !d.firm() {
		mine, err := d.acquire(ctx)
		if err != nil {
			return 0, err
		}
		if !mine {
			d.retry.Store(false) // the watch says so again while a retry is overdue
			if d.behind(d.o.seen.Load()) {
				return 4 * d.o.Poll, nil
			}
			return never, nil
		}
	}
	if d.retry.Swap(false) {
		if err := d.retryDue(ctx); err != nil {
			d.retry.Store(true)
			return 0, err
		}
	}
	return 0, d.deliver(ctx)
}

// firm reports whether the lease lasts for one more reaction.
func (d *delivery) firm() bool {
	return d.o.Clock.Now().Add(d.o.HandleTimeout + d.o.Lease/6).Before(d.until)
}

// acquire takes the lease when it is free or ours, and reads the cursor.
func (d *delivery) acquire(ctx context.Context) (bool, error) {
	now := d.o.Clock.Now()
	c, err := readCursor(ctx, d.o.DB.Reader(), d.sub.Name)
	if err != nil {
		return false, err
	}
	d.stored.Store(c.position)
	if c.owner != d.o.owner && c.until.After(now) {
		return false, nil
	}
	if !d.retry.Load() && !d.behind(d.o.seen.Load()) {
		return false, nil // another node has done it
	}
	var mine bool
	until := now.Add(d.o.Lease)
	err = d.o.DB.Write(ctx, func(ctx context.Context, q db.Querier) (err error) {
		mine, c.position, err = takeCursor(ctx, q, d.sub.Name, d.o.owner, now, until)
		return err
	})
	if err != nil || !mine {
		return false, err
	}
	d.position, d.until, d.checkedAt = c.position, until, now
	d.stored.Store(c.position)
	return true, nil
}

// drop forgets a lease and what was not stored under it. The next acquire begins at the stored cursor.
func (d *delivery) drop() { d.until, d.held = time.Time{}, nil }

// deliver hands the next events to the reaction.
func (d *delivery) deliver(ctx context.Context) error {
	seen, target := d.o.seen.Load(), d.target.Load()
	if target <= d.position {
		if seen-d.stored.Load() < slack {
			return nil
		}
		d.position = seen
		return d.checkpoint(ctx)
	}
	end := min(target, d.position+window)
	batch, err := readBatch(ctx, d.o.DB.Reader(), d.sub, d.position, end, batchSize)
	if err != nil {
		return err
	}
	if len(batch) == batchSize {
		end = batch[batchSize-1].Position
	}
	blocked := map[string]bool{}
	for _, e := range batch {
		if err := d.ready(ctx); err != nil || d.o.quitting() {
			return err
		}
		if err := d.take(ctx, e, blocked); err != nil {
			return err
		}
		d.position = e.Position
	}
	d.position = end
	return d.checkpoint(ctx)
}

// ready makes sure that the lease lasts for one more reaction, and stores progress from time to time.
func (d *delivery) ready(ctx context.Context) error {
	if d.firm() && d.o.Clock.Now().Sub(d.checkedAt) < checkEvery {
		return nil
	}
	return d.checkpoint(ctx)
}

// take handles one new event, or holds it when it fails or an earlier one of its subject is held.
func (d *delivery) take(ctx context.Context, e batchEvent, blocked map[string]bool) error {
	now := d.o.Clock.Now()
	if e.blocked || blocked[e.Subject] {
		blocked[e.Subject] = true
		d.held = append(d.held, hold{event: e.Event, due: now})
		return nil
	}
	err := d.handle(ctx, e.Event)
	if err == nil {
		d.o.meter.delivered(d.sub.Name, "done", d.o.Clock.Now().Sub(e.At))
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err() // it was Stop, not the event
	}
	blocked[e.Subject] = true
	d.held = append(d.held, d.failed(ctx, e.Event, 1, err))
	return nil
}

// handle runs the reaction; a panic is a failure.
func (d *delivery) handle(ctx context.Context, e Event) (err error) {
	ctx, cancel := context.WithTimeoutCause(d.o.As(ctx, d.sub.Name), d.o.HandleTimeout, errTooLong)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			d.o.Log.ErrorContext(ctx, "a reaction panicked", "subscription", d.sub.Name, "event", e.ID, "type", e.Type,
				"panic", p, "stack", string(debug.Stack()))
		}
	}()
	return d.sub.Handle(ctx, e)
}

// checkpoint stores the cursor and what is held, and prolongs the lease.
func (d *delivery) checkpoint(ctx context.Context) error {
	now := d.o.Clock.Now()
	until := now.Add(d.o.Lease)
	err := d.o.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		return d.store(ctx, q, d.o.owner, until)
	})
	if err != nil {
		return err
	}
	d.until, d.checkedAt = until, now
	return nil
}

// store writes the cursor, then what is held: whoever changes what is held locks the cursor row first.
func (d *delivery) store(ctx context.Context, q db.Querier, owner string, until time.Time) error {
	ours, err := moveCursor(ctx, q, d.sub.Name, d.o.owner, d.position, owner, until)
	if err != nil {
		return err
	}
	if !ours {
		return errLostLease
	}
	for _, h := range d.held {
		if err := insertHold(ctx, q, d.sub.Name, h); err != nil {
			return err
		}
	}
	db.AfterCommit(ctx, func() {
		d.held = nil
		d.stored.Store(d.position)
	})
	return nil
}

// release stores what was done and gives the subscription to whoever wants it.
func (d *delivery) release(ctx context.Context) {
	if d.until.IsZero() || d.o.killed.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	err := d.o.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		return d.store(ctx, q, "", time.Time{})
	})
	if err != nil {
		d.o.Log.WarnContext(ctx, "a subscription was not given back; it stays taken until the lease is over",
			"subscription", d.sub.Name, "error", err)
	}
}
