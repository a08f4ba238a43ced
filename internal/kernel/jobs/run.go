package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Why the context of a run ended.
var (
	errTimeout   = errors.New("the attempt took too long")
	errLostLease = errors.New("the lease was lost")
	errCancelled = errors.New("cancelled")
	errStopping  = errors.New("the program stops")
	errTwice     = errors.New("an earlier attempt has not ended on this node")
)

// run is one attempt at one job on this node.
type run struct {
	id, kind string
	args     json.RawMessage
	attempt  int64
	def      Definition
	due      time.Time
	begun    time.Time
	until    time.Time // the end of the lease; the loop's
	cancel   context.CancelCauseFunc

	mu          sync.Mutex
	done, total int64
	progressed  bool // since it was stored last
	result      json.RawMessage
}

// ending is how a run ended.
type ending struct {
	run   *run
	err   error
	cause error // why its context ended, if it did
}

// launch runs r in a goroutine of its own.
func (e *Engine) launch(ctx context.Context, r *run) {
	ctx, r.cancel = context.WithCancelCause(e.As(ctx, r.kind))
	e.mu.Lock()
	e.running[r] = true
	e.mu.Unlock()
	e.meter.running.Inc()
	e.meter.delay.WithLabelValues(r.kind).Observe(max(0, r.begun.Sub(r.due).Seconds()))
	go func() {
		err := e.call(ctx, r)
		end := ending{run: r, err: err, cause: context.Cause(ctx)}
		r.cancel(nil)
		e.meter.running.Dec()
		e.mu.Lock()
		e.ended = append(e.ended, end)
		e.mu.Unlock()
		e.ring()
	}()
}

// call runs the work; a panic is a failure.
func (e *Engine) call(ctx context.Context, r *run) (err error) {
	ctx, end := context.WithTimeoutCause(context.WithValue(ctx, runKey{}, r), r.def.Timeout, errTimeout)
	defer end()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			e.Log.ErrorContext(ctx, "a job panicked", "kind", r.kind, "job", r.id, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	err = r.def.Run(ctx, r.args)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx) // says more than "context canceled"
	}
	return err
}
