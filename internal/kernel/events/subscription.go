package events

import "context"

// Subscription is one reaction to facts. Delivery is at least once and in order within a subject, so Handle must
// be idempotent; it changes its own module only.
type Subscription struct {
	Name   string   // module.what, stable: it names the stored cursor
	Types  []string // the types it wants
	Handle func(ctx context.Context, e Event) error
}
