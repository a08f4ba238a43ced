package events

import (
	"context"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
)

// ErrNotParked is the answer to Retry and Skip when there is nothing to retry or to skip.
var ErrNotParked = errs.Define(errs.NotFound, "events.not_parked")

// HoldState says how an event that failed stands.
type HoldState string

// The states. Waiting events are not listed; they are counted in the Behind of the one they wait for.
const (
	Retrying HoldState = "retrying" // it will be tried again at Due
	Parked   HoldState = "parked"   // it was given up; somebody has to decide
	Waiting  HoldState = "waiting"  // an earlier event of its subject is held
)

// Held is an event that a subscription could not handle, the first of its subject.
type Held struct {
	Subscription string
	Event        Event
	State        HoldState
	Attempts     int64
	Due          time.Time // when it is tried again; without meaning for Parked
	Error        string    // shortened
	ParkedAt     time.Time // zero unless Parked
	Behind       int64     // later events of the subject that wait for it
}

// MaxList is the most rows Parked returns at once.
const MaxList = 200

// Parked lists what is retried and parked, the oldest event first.
func (o *Outbox) Parked(ctx context.Context, q db.Querier, p db.Page) ([]Held, string, error) {
	var position int64
	var name string
	if p.Cursor != "" {
		if err := db.DecodeCursor(p.Cursor, &position, &name); err != nil {
			return nil, "", err
		}
	}
	size := p.Size(MaxList)
	rows, err := listHeld(ctx, q, position, name, size+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := db.Cut(rows, size, func(h Held) []any { return []any{h.Event.Position, h.Subscription} })
	return rows, next, nil
}

// Retry has the held events of a subject delivered again, in order, with as many attempts as new ones.
// ErrNotParked: none is held.
func (o *Outbox) Retry(ctx context.Context, q db.Querier, subscription, subject string) error {
	if err := o.lockHeld(ctx, q, subscription); err != nil {
		return err
	}
	found, err := restartHold(ctx, q, subscription, subject, o.Clock.Now())
	if err == nil && !found {
		err = ErrNotParked
	}
	return err
}

// Skip gives up one held event, the first of its subject, for good, and has those behind it delivered.
// ErrNotParked: it is not held, or not the first.
func (o *Outbox) Skip(ctx context.Context, q db.Querier, subscription, eventID string) error {
	if err := o.lockHeld(ctx, q, subscription); err != nil {
		return err
	}
	subject, err := firstHeld(ctx, q, subscription, eventID)
	if err != nil {
		return err
	}
	return dropHold(ctx, q, subscription, subject, eventID, o.Clock.Now())
}

// lockHeld keeps the delivery from changing what is held until the caller's transaction ends.
func (o *Outbox) lockHeld(ctx context.Context, q db.Querier, subscription string) error {
	found, err := lockCursor(ctx, q, subscription)
	if err != nil {
		return err
	}
	if !found {
		return ErrNotParked
	}
	db.AfterCommit(ctx, o.look)
	return nil
}

// Lag is how far a subscription has come.
type Lag struct {
	Subscription string
	Node         string // who delivers it; empty when nobody had to lately
	Position     int64  // looked through up to here
	Head         int64  // of all events
	Behind       int64  // events it wants and has not got yet, counted up to MaxBehind
	Retrying     int64  // events tried again or waiting behind such a one
	Parked       int64  // events given up or waiting behind such a one
}

// MaxBehind bounds the counting of Lag.
const MaxBehind = 10_000

// Lag tells for every subscription of this program how far it has come.
func (o *Outbox) Lag(ctx context.Context, q db.Querier) ([]Lag, error) {
	head, err := readHead(ctx, q)
	if err != nil {
		return nil, err
	}
	var all []Lag
	for _, name := range o.names() {
		l, err := readLag(ctx, q, o.subs[name].sub, head)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// PurgeBatch is the most events one Purge deletes.
const PurgeBatch = 5000

// Purge deletes events that are older than before, were delivered to every subscription and are held by none.
// It deletes at most PurgeBatch, so as not to keep other writers waiting; call it in a transaction of its own until
// it returns less.
func (o *Outbox) Purge(ctx context.Context, q db.Querier, before time.Time) (int64, error) {
	return purge(ctx, q, o.names(), before, PurgeBatch)
}
