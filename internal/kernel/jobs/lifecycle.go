package jobs

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"time"

	"tongban/internal/kernel/db"
)

// stopGrace is how long Stop waits, in real time, for jobs it had to cancel.
const stopGrace = 2 * time.Second

// Start begins to run jobs. It returns when the schedules are stored.
func (e *Engine) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stage != fresh {
		return errors.New("jobs: Start a second time")
	}
	kinds := slices.Sorted(maps.Keys(e.defs))
	now := e.Clock.Now()
	err := e.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		for _, kind := range kinds {
			if s := e.defs[kind].Every; s != nil {
				if err := openSchedule(ctx, q, kind, s.String(), s.Next(now)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		e.kinds = append(e.kinds, kind)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.stage, e.cancel = started, cancel
	go e.loop(run)
	return nil
}

// Stop takes no more jobs and lets those that run finish until ctx ends. Then it cancels them and gives them back,
// so that they run again elsewhere; the attempt does not count. A job that does not end when it is cancelled
// cannot be given back: another node takes it when the lease is over.
func (e *Engine) Stop(ctx context.Context) {
	e.mu.Lock()
	was := e.stage
	e.stage, e.draining = stopped, true
	e.mu.Unlock()
	if was == fresh || e.cancel == nil {
		return
	}
	e.ring()
	select {
	case <-e.done:
		return
	case <-ctx.Done():
	}
	e.cancelRuns(errStopping)
	grace, end := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer end()
	select {
	case <-e.done:
		return
	case <-grace.Done():
		e.Log.WarnContext(ctx, "a job does not end; it stays taken until the lease is over")
	}
	e.endLoop()
	<-e.done
}

func (e *Engine) endLoop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.quit:
	default:
		close(e.quit)
		e.cancel()
	}
}

func (e *Engine) cancelRuns(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for r := range e.running {
		r.cancel(cause)
	}
}

// loop is the only one who talks to the database about running jobs: what happens while one transaction is on its way
// goes into the next, together.
func (e *Engine) loop(ctx context.Context) {
	defer close(e.done)
	defer e.cancel()
	for {
		runtime.Gosched() // lets jobs that were just begun and are quick end, to be stored together
		wait := e.tick(ctx)
		if e.drained() || !e.sleep(wait) {
			return
		}
	}
}

func (e *Engine) drained() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining && len(e.running) == 0
}

// sleep waits for a ring or for d; false ends the loop.
func (e *Engine) sleep(d time.Duration) bool {
	if d <= 0 {
		select {
		case <-e.quit:
			return false
		default:
			return true
		}
	}
	timer := e.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-e.quit:
		return false
	case <-e.wake:
	case <-timer.C():
	}
	return true
}
