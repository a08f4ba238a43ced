package jobs

import (
	"encoding/json"
	"time"

	"tongban/internal/kernel/errs"
)

// The failures of this package.
var (
	ErrNotFound   = errs.Define(errs.NotFound, "jobs.not_found")
	ErrWrongState = errs.Define(errs.Conflict, "jobs.wrong_state") // the job is not in a state that allows it
	ErrTwin       = errs.Define(errs.Conflict, "jobs.twin")        // another with its unique key is not finished
)

// Job is work to be done.
type Job struct {
	Kind   string
	Args   any       // as JSON; nil for none. No secrets and no more personal data than ids: it is kept for weeks
	At     time.Time // not before; zero: now
	Unique string    // when not empty: at most one unfinished job of this kind has it
}

// State says how a job stands.
type State string

// The states.
const (
	Ready     State = "ready" // waits for its time or a free worker, perhaps for another attempt
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed" // given up; stays visible until somebody retries it or it is purged
	Cancelled State = "cancelled"
)

// States lists all states in the order of a job's life.
func States() []State { return []State{Ready, Running, Done, Failed, Cancelled} }

// Status is a stored job.
type Status struct {
	ID           string
	Kind         string
	Unique       string
	State        State
	Attempt      int64
	MaxAttempts  int64  // 0: a kind this program does not know
	Node         string // who runs it
	CancelAsked  bool
	CreatedAt    time.Time
	RunAt        time.Time // the next attempt, or the last
	StartedAt    time.Time // of the last attempt
	FinishedAt   time.Time
	Error        string // of the last failed attempt, shortened
	Done, Total  int64  // progress, where the work tells it
	Args, Result json.RawMessage
}
