package jobs

import "time"

// Kill ends e as a crash of its node would: nothing is stored or given back any more. Jobs that run go on.
func (e *Engine) Kill() {
	e.endLoop()
	<-e.done
}

// Draining reports whether Stop was called.
func (e *Engine) Draining() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.draining
}

// Pause is how long a job waits after an attempt.
func Pause(attempt int64) time.Duration { return pause(attempt) }
