package events

import (
	"context"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events/brief"
)

// pauses are the times between the attempts at one event. After the last attempt the event is parked.
var pauses = [...]time.Duration{1 * time.Second, 4 * time.Second, 15 * time.Second, 40 * time.Second}

// MaxAttempts is how often an event is tried before it is parked.
const MaxAttempts = int64(len(pauses) + 1)

// failed notes a failed attempt.
func (d *delivery) failed(ctx context.Context, e Event, attempts int64, err error) hold {
	h := hold{event: e, attempts: attempts, err: brief.Text(err), due: d.o.Clock.Now()}
	if attempts >= MaxAttempts {
		d.o.meter.delivered(d.sub.Name, "parked", 0)
		d.o.Log.ErrorContext(ctx, "an event is parked", "subscription", d.sub.Name, "event", e.ID, "type", e.Type,
			"attempts", attempts, "error", h.err)
		return h
	}
	d.o.meter.delivered(d.sub.Name, "failed", 0)
	d.o.Log.WarnContext(ctx, "a reaction failed", "subscription", d.sub.Name, "event", e.ID, "type", e.Type,
		"attempts", attempts, "error", h.err)
	h.due = h.due.Add(pauses[attempts-1])
	return h
}

// retryDue tries failed events again whose time has come, and what waited behind those that now succeed.
func (d *delivery) retryDue(ctx context.Context) error {
	for !d.o.quitting() {
		due, err := readDue(ctx, d.o.DB.Reader(), d.sub.Name, d.o.Clock.Now(), batchSize)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, h := range due {
			if err := d.ready(ctx); err != nil || d.o.quitting() {
				return err
			}
			if err := d.retryOne(ctx, h); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *delivery) retryOne(ctx context.Context, h hold) error {
	failure := d.handle(ctx, h.event)
	if failure != nil && ctx.Err() != nil {
		return ctx.Err() // it was Stop, not the event
	}
	now := d.o.Clock.Now()
	if failure == nil {
		d.o.meter.delivered(d.sub.Name, "done", now.Sub(h.event.At))
	} else {
		h = d.failed(ctx, h.event, h.attempts+1, failure)
	}
	return d.o.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		if err := d.store(ctx, q, d.o.owner, d.until); err != nil {
			return err
		}
		switch {
		case failure == nil:
			return dropHold(ctx, q, d.sub.Name, h.event.Subject, h.event.ID, now)
		case h.attempts >= MaxAttempts:
			return parkHold(ctx, q, d.sub.Name, h, now)
		default:
			return delayHold(ctx, q, d.sub.Name, h)
		}
	})
}
