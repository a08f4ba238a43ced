package op

import (
	"context"
	"time"

	"tongban/internal/kernel/db"
)

// Outcome is how an attempt ended.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused" // the actor may not do it
	Failed  Outcome = "failed"  // wrong input, a rule, a conflict, or a defect
)

// Thing names what an operation was about.
type Thing struct {
	Kind  string // e.g. "identity.account"; its name in the user's language is the translation "thing." + Kind
	ID    string
	Label string // as people know it: a name or a number
}

// Change is what happened to one thing. Before and After are marshalled as JSON; nil stands for "was not there".
// They must hold no secret.
type Change struct {
	Thing         Thing
	Before, After any
}

// Entry is what is recorded of one attempt.
type Entry struct {
	ID        string
	At        time.Time
	Op        string
	Outcome   Outcome
	Code      string // the error's code; empty when Done
	Actor     Actor
	Changes   []Change
	Reason    string
	RequestID string
	UndoOf    string // the id of the op_undo row this attempt used
	Took      time.Duration
}

// Auditor stores entries; the audit module does.
type Auditor interface {
	// Record appends the entry in the caller's transaction.
	Record(ctx context.Context, q db.Querier, e Entry) error
}
