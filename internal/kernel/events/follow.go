package events

import (
	"context"
	"errors"

	"tongban/internal/kernel/clock"
)

// FromHead lets Follow begin with the facts that come after the call.
const FromHead = int64(-1)

// Head returns the position of the last event.
func (o *Outbox) Head(ctx context.Context) (int64, error) { return readHead(ctx, o.DB.Reader()) }

// Since returns at most limit events after a position, in order. Positions have no gaps, so that a missing one
// tells that retention has deleted it.
func (o *Outbox) Since(ctx context.Context, after int64, limit int) ([]Event, error) {
	return readSince(ctx, o.DB.Reader(), after, limit)
}

const followBatch = 500

// Follow calls fn for every event after a position, in order, on this node only and without storing how far it
// got: the caller who needs it again says where to go on. It returns fn's error, the cause of ctx, or nil when
// the Outbox stops. While the database does not answer it waits and goes on.
func (o *Outbox) Follow(ctx context.Context, from int64, fn func(Event) error) error {
	for {
		changed := o.change()
		next, more, err := o.followOnce(ctx, from, fn)
		from = next
		var own callerError
		switch {
		case errors.As(err, &own):
			return own.error
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case o.quitting():
			return nil
		case err != nil:
			o.Log.ErrorContext(ctx, "events cannot be followed; trying on", "error", err)
			if err := clock.Sleep(ctx, o.Clock, 4*o.Poll); err != nil {
				return err
			}
		case !more:
			select {
			case <-changed:
			case <-o.quit:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

func (o *Outbox) change() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed
}

type callerError struct{ error }

func (o *Outbox) followOnce(ctx context.Context, from int64, fn func(Event) error) (next int64, more bool, err error) {
	if from == FromHead {
		head, err := o.Head(ctx)
		if err != nil {
			return from, false, err
		}
		return head, true, nil
	}
	batch, err := o.Since(ctx, from, followBatch)
	if err != nil {
		return from, false, err
	}
	for _, e := range batch {
		if ctx.Err() != nil || o.quitting() {
			return from, false, nil
		}
		if err := fn(e); err != nil {
			return from, false, callerError{err}
		}
		from = e.Position
	}
	return from, len(batch) == followBatch, nil
}
