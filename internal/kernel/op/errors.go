package op

import "tongban/internal/kernel/errs"

// The failures an operation itself can end with.
var (
	ErrDenied               = errs.Define(errs.Denied, "denied")
	ErrSessionRequired      = errs.DefineStatus(errs.Denied, "session_required", 401)
	ErrConfirmationRequired = errs.Define(errs.Precondition, "confirmation_required")
	ErrConfirmationStale    = errs.Define(errs.Precondition, "confirmation_stale")
	ErrKeyReused            = errs.Define(errs.Conflict, "key_reused")
	ErrAlreadyDone          = errs.Define(errs.Conflict, "already_done")
	ErrUndoGone             = errs.Define(errs.Conflict, "undo_gone")
)

// NeedsConfirmation is the error of a serious operation that was not confirmed yet, or whose effect changed
// since. errors.Is finds ErrConfirmationRequired or ErrConfirmationStale in it.
type NeedsConfirmation struct {
	Spec   *Spec
	Effect Effect
	Token  string // answers it, together with Effect.Type, for five minutes
	cause  error
}

// Error names the operation.
func (n *NeedsConfirmation) Error() string { return n.Spec.Name + ": " + n.cause.Error() }

// Unwrap returns the classified failure.
func (n *NeedsConfirmation) Unwrap() error { return n.cause }
