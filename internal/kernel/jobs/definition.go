package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Definition declares one kind of background work.
type Definition struct {
	Kind        string // module.what, stable: it is stored
	Run         func(ctx context.Context, args json.RawMessage) error
	MaxAttempts int           // default 10
	Timeout     time.Duration // of one attempt; default 5 minutes
	Every       *Schedule     // nil for work that is only enqueued
}

// GiveUp wraps an error that another attempt would only meet again: the job fails at once. GiveUp(nil) is nil.
func GiveUp(err error) error {
	if err == nil {
		return nil
	}
	return &hopeless{err}
}

type hopeless struct{ err error }

func (h *hopeless) Error() string { return h.err.Error() }
func (h *hopeless) Unwrap() error { return h.err }

func isHopeless(err error) bool {
	var h *hopeless
	return errors.As(err, &h)
}

type runKey struct{}

// Progress tells, from within a job, how far it has come, for the console. It costs nothing to call often: the last
// word is stored with the next heartbeat. Outside a job it does nothing.
func Progress(ctx context.Context, done, total int64) {
	if r, ok := ctx.Value(runKey{}).(*run); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done, r.total, r.progressed = done, total, true
	}
}

// Result keeps v, as JSON, as what this attempt found out, for the console; no personal data. It is stored when the
// job is done. Outside a job it does nothing.
func Result(ctx context.Context, v any) error {
	r, ok := ctx.Value(runKey{}).(*run)
	if !ok {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result = raw
	return nil
}
