package system

import (
	"context"
	"slices"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/op"
)

var (
	listLag     = op.New("system.event.lag", op.Needs(PermStatus), op.Reads())
	listParked  = op.New("system.event.list_parked", op.Needs(PermEvents), op.Reads())
	retryParked = op.New("system.event.retry", op.Needs(PermEvents))
	skipParked  = op.New("system.event.skip", op.Needs(PermEvents), op.Serious())
)

// Lag tells for every subscription how far behind it is.
func (s *Service) Lag(ctx context.Context, in op.None) ([]events.Lag, error) {
	return op.Query(ctx, s.ops, listLag, in, func(ctx context.Context, v *op.View, _ op.None) ([]events.Lag, error) {
		return s.outbox.Lag(ctx, v)
	})
}

// HeldEvents is one page of the events that subscriptions could not handle.
type HeldEvents struct {
	Items []events.Held
	Next  string
}

// ParkedEvents lists the events that are retried or parked, the oldest first.
func (s *Service) ParkedEvents(ctx context.Context, page db.Page) (HeldEvents, error) {
	return op.Query(ctx, s.ops, listParked, page, func(ctx context.Context, v *op.View, page db.Page) (HeldEvents, error) {
		items, next, err := s.outbox.Parked(ctx, v, page)
		return HeldEvents{Items: items, Next: next}, err
	})
}

// RetryEventInput names the held events of a subject.
type RetryEventInput struct {
	Subscription string `json:"subscription"`
	Subject      string `json:"subject"`
}

// RetryEvent has the held events of a subject delivered again, in order. events.ErrNotParked: none is held.
func (s *Service) RetryEvent(ctx context.Context, in RetryEventInput) (op.None, error) {
	return op.Run(ctx, s.ops, retryParked, in, func(ctx context.Context, tx *op.Tx, in RetryEventInput) (op.None, error) {
		tx.Changed(op.Thing{Kind: "system.event", ID: in.Subject, Label: in.Subscription}, nil, in)
		return op.None{}, s.outbox.Retry(ctx, tx, in.Subscription, in.Subject)
	})
}

// SkipEventInput names one held event.
type SkipEventInput struct {
	Subscription string `json:"subscription"`
	Event        string `json:"event"`
}

// SkipEvent gives up a held event for good, so that those behind it go on. events.ErrNotParked: it is not held,
// or not the first of its subject.
func (s *Service) SkipEvent(ctx context.Context, in SkipEventInput) (op.None, error) {
	return op.Run(ctx, s.ops, skipParked, in, func(ctx context.Context, tx *op.Tx, in SkipEventInput) (op.None, error) {
		if err := s.mustBeHeld(ctx, tx, in); err != nil {
			return op.None{}, err // nothing to ask about
		}
		effect := op.Effect{Key: "system.event_skip_effect", Value: map[string]any{"subscription": in.Subscription}}
		if err := tx.Confirm(ctx, effect); err != nil {
			return op.None{}, err
		}
		tx.Changed(op.Thing{Kind: "system.event", ID: in.Event, Label: in.Subscription}, in, nil)
		return op.None{}, s.outbox.Skip(ctx, tx, in.Subscription, in.Event)
	})
}

// mustBeHeld returns events.ErrNotParked when there is no such event to skip.
func (s *Service) mustBeHeld(ctx context.Context, q db.Querier, in SkipEventInput) error {
	page := db.Page{Limit: events.MaxList}
	for {
		items, next, err := s.outbox.Parked(ctx, q, page)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(items, func(h events.Held) bool { return h.Subscription == in.Subscription && h.Event.ID == in.Event }) {
			return nil
		}
		if next == "" {
			return events.ErrNotParked
		}
		page.Cursor = next
	}
}
