package op

import (
	"context"
	"log/slog"
	"time"
)

// ActorKind says what acts.
type ActorKind string

// The kinds of actors.
const (
	Anonymous ActorKind = "anonymous" // nobody has signed in
	Person    ActorKind = "person"    // a signed-in person
	Service   ActorKind = "service"   // another program, by an API token
	System    ActorKind = "system"    // the program itself: a schedule or a reaction
)

// Actor is who does something, from where and for whom. It travels in the context.
type Actor struct {
	Kind         ActorKind
	ID           string // the account; empty for Anonymous, the name of the part for System
	Name         string // as people read it
	OnBehalf     string // the company they act for; empty for themselves
	OnBehalfName string
	Session      string // the session's id, not its secret
	Device       string // the user agent, shortened
	Addr         string // the client's address
	SignedInAt   time.Time
	Permissions  map[Permission]bool
}

// Can reports whether the actor holds a permission. The program itself holds all.
func (a Actor) Can(p Permission) bool { return a.Kind == System || a.Permissions[p] }

// may reports whether the actor may run the operation.
func (a Actor) may(s *Spec) bool {
	switch s.Access {
	case Public:
		return true
	case SignedIn:
		return a.Kind != Anonymous && a.Kind != ""
	case Internal:
		return a.Kind == System
	default:
		return a.Can(s.Permission)
	}
}

// LogValue keeps names and permissions out of logs: an actor is logged as its kind and id.
func (a Actor) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(a.Kind)), slog.String("id", a.ID))
}

// AsSystem returns a context in which the named part of the program acts.
func AsSystem(ctx context.Context, part string) context.Context {
	return WithActor(ctx, Actor{Kind: System, ID: part, Name: part})
}

type contextKey int

const (
	actorKey contextKey = iota
	requestKey
	idempotencyKey
	confirmationKey
	receiptKey
	undoKey
	reasonKey
)

// WithActor returns a context in which a acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey, a)
}

// ActorFrom returns the actor of ctx; an anonymous one when nobody was set.
func ActorFrom(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey).(Actor); ok {
		return a
	}
	return Actor{Kind: Anonymous}
}

// WithRequest returns a context that carries the id of the request being served.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey, id)
}

// RequestFrom returns the request id of ctx, or "".
func RequestFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

// WithKey returns a context in which the operation is done at most once for this actor and key. Keys are kept
// for a day.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey, key)
}

// WithReason returns a context that carries the actor's reason, for the audit entry.
func WithReason(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, reasonKey, reason)
}

// Confirmation is the actor's answer to a *NeedsConfirmation error.
type Confirmation struct {
	Token string // as NeedsConfirmation gave it
	Typed string // what the actor typed, where typing was demanded
}

// WithConfirmation returns a context that carries the actor's confirmation of a serious operation.
func WithConfirmation(ctx context.Context, c Confirmation) context.Context {
	return context.WithValue(ctx, confirmationKey, c)
}

// Receipt tells the caller of an operation what it left behind besides its answer.
type Receipt struct {
	UndoID    string // takes the operation back; empty when it cannot be
	UndoUntil time.Time
	Replayed  bool // the answer is that of an earlier run with the same key
}

// WithReceipt returns a context into whose receipt the operation writes.
func WithReceipt(ctx context.Context, r *Receipt) context.Context {
	return context.WithValue(ctx, receiptKey, r)
}

func receiptFrom(ctx context.Context) *Receipt {
	if r, ok := ctx.Value(receiptKey).(*Receipt); ok {
		return r
	}
	return &Receipt{}
}
