package jobs

import (
	"context"
	"math/rand/v2"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events/brief"
	"tongban/internal/kernel/ids"
)

// work is what one tick does in one transaction.
type work struct {
	now      time.Time
	until    time.Time // the end of leases given now
	ended    []ending
	mine     []*run // the runs whose lease is to be prolonged; empty when it is not time yet
	orphans  bool   // there are leases that are over
	periodic bool   // a schedule is due
	free     int    // how many jobs may be claimed
	draining bool

	// What came of it.
	kept    map[string]bool // ids of mine that are still ours; true: somebody asked to cancel it
	claimed []*run
	fates   []fate // of ended, in the same order
}

// tick does what is to be done now and returns how long to sleep before the next. A transaction may take a sixth of
// the lease at most, so that a database that hangs does not keep the loop from cancelling what it may no longer run.
func (e *Engine) tick(ctx context.Context) time.Duration {
	now := e.Clock.Now()
	e.expire(now)
	w := e.plan(now)
	short, end := context.WithTimeout(ctx, e.Lease/6)
	defer end()
	err := e.look(short, w)
	if err == nil && w.idle() {
		return e.Poll
	}
	if err == nil {
		err = e.DB.Write(short, func(ctx context.Context, q db.Querier) error { return e.do(ctx, q, w) })
	}
	if err != nil {
		e.putBack(w)
		if !e.failing && ctx.Err() == nil {
			e.Log.ErrorContext(ctx, "background work cannot be stored; trying on", "error", err)
		}
		e.failing = true
		return e.Poll
	}
	if e.failing {
		e.Log.InfoContext(ctx, "background work can be stored again")
	}
	e.failing = false
	e.settled(ctx, w)
	e.more = w.free > 0 && len(w.claimed) == w.free
	return e.Poll
}

// expire cancels the runs whose lease is about to end without having been prolonged.
func (e *Engine) expire(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for r := range e.running {
		if !now.Add(e.Lease / 6).Before(r.until) {
			r.cancel(errLostLease)
		}
	}
}

// plan collects what this node has to store.
func (e *Engine) plan(now time.Time) *work {
	e.mu.Lock()
	defer e.mu.Unlock()
	w := &work{now: now, until: now.Add(e.Lease), ended: e.ended, draining: e.draining}
	e.ended = nil
	over := map[*run]bool{}
	for _, end := range w.ended {
		over[end.run] = true
	}
	beat := !now.Before(e.nextBeat)
	for r := range e.running {
		if beat && !over[r] {
			w.mine = append(w.mine, r)
		}
	}
	if !e.draining {
		busy := len(e.running)
		for r := range over {
			if e.running[r] {
				busy--
			}
		}
		w.free = e.Workers - busy
	}
	return w
}

// look finds out, without writing, whether there is anything to claim, to take over, to enqueue or to cancel.
func (e *Engine) look(ctx context.Context, w *work) error {
	if e.more && len(w.ended) > 0 && w.now.Sub(e.looked) < e.Poll {
		return nil // there was more than could be claimed: asking costs more than trying
	}
	s, err := readSight(ctx, e.DB.Reader(), w.now, e.owner, e.kinds)
	if err != nil {
		return err
	}
	e.looked = w.now
	w.orphans, w.periodic = s.orphans, s.periodic && !w.draining
	if !s.ready && !w.orphans && !w.periodic {
		w.free = 0
	}
	if s.cancel && len(w.mine) == 0 {
		w.mine = e.runs()
	}
	return nil
}

func (e *Engine) runs() []*run {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []*run
	for r := range e.running {
		all = append(all, r)
	}
	return all
}

func (w *work) idle() bool {
	return len(w.ended) == 0 && len(w.mine) == 0 && !w.orphans && !w.periodic && w.free == 0
}

// do is the transaction of a tick. It may run more than once.
func (e *Engine) do(ctx context.Context, q db.Querier, w *work) error {
	w.kept, w.claimed, w.fates = map[string]bool{}, nil, nil
	if err := e.settle(ctx, q, w); err != nil {
		return err
	}
	if len(w.mine) > 0 {
		if err := e.beat(ctx, q, w); err != nil {
			return err
		}
	}
	if w.orphans {
		if err := e.takeOver(ctx, q, w.now); err != nil {
			return err
		}
	}
	if w.periodic {
		if err := e.enqueueDue(ctx, q, w.now); err != nil {
			return err
		}
	}
	if w.free == 0 {
		return nil
	}
	var err error
	w.claimed, err = claim(ctx, q, e.owner, w.now, w.until, e.kinds, w.free)
	return err
}

// beat stores progress and prolongs the leases of mine.
func (e *Engine) beat(ctx context.Context, q db.Querier, w *work) error {
	names := make([]any, 0, len(w.mine))
	for _, r := range w.mine {
		names = append(names, r.id)
		r.mu.Lock()
		done, total, progressed := r.done, r.total, r.progressed
		r.mu.Unlock()
		if progressed {
			if err := storeProgress(ctx, q, r.id, e.owner, done, total); err != nil {
				return err
			}
		}
	}
	var err error
	w.kept, err = prolong(ctx, q, e.owner, w.until, names)
	return err
}

// takeOver makes the jobs of dead nodes ready again, or failed after their last attempt: a job that kills its node
// must not kill one after the other.
func (e *Engine) takeOver(ctx context.Context, q db.Querier, now time.Time) error {
	lost, err := reap(ctx, q, now)
	if err != nil {
		return err
	}
	for _, l := range lost {
		if d, ok := e.def(l.kind); ok && l.attempt >= int64(d.MaxAttempts) {
			if err := failLost(ctx, q, l.id, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// enqueueDue enqueues periodic work that is due. Moving the due time and enqueueing are one transaction, so each
// due time gives one job, whichever node is first.
func (e *Engine) enqueueDue(ctx context.Context, q db.Querier, now time.Time) error {
	due, err := dueSchedules(ctx, q, now, e.kinds)
	if err != nil {
		return err
	}
	for _, s := range due {
		d, _ := e.def(s.Kind)
		if d.Every == nil {
			continue
		}
		moved, err := moveSchedule(ctx, q, s.Kind, s.Next, d.Every.Next(now), now)
		if err != nil {
			return err
		}
		if moved {
			if _, err := insertJob(ctx, q, ids.New(), Job{Kind: s.Kind, At: now, Unique: scheduled}, "{}", now); err != nil {
				return err
			}
		}
	}
	return nil
}

// scheduled is the unique key of periodic work: while one run is not finished, the next is not enqueued.
const scheduled = "schedule"

// putBack keeps what a failed tick could not store for the next one.
func (e *Engine) putBack(w *work) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = append(w.ended, e.ended...)
}

// settled acts on what the transaction of a tick has brought.
func (e *Engine) settled(ctx context.Context, w *work) {
	e.mu.Lock()
	for _, end := range w.ended {
		delete(e.running, end.run)
	}
	still := map[string]bool{}
	for r := range e.running {
		still[r.id] = true
	}
	for _, r := range w.mine {
		asked, ours := w.kept[r.id]
		switch {
		case !ours:
			r.cancel(errLostLease)
		case asked:
			r.cancel(errCancelled)
			r.until = w.until
		default:
			r.until = w.until
		}
	}
	if len(w.mine) > 0 {
		e.nextBeat = w.now.Add(e.Lease / 3)
	}
	e.mu.Unlock()
	for i, f := range w.fates {
		e.report(ctx, w.ended[i], f, w.now)
	}
	for _, r := range w.claimed {
		r.def, _ = e.def(r.kind)
		r.begun, r.until = w.now, w.until
		if still[r.id] { // taken from us and given back while our old attempt does not end
			e.mu.Lock()
			e.ended = append(e.ended, ending{run: r, err: errTwice, cause: errTwice})
			e.mu.Unlock()
			continue
		}
		e.launch(ctx, r)
	}
}

// The pauses between attempts double from the first to the longest, give or take a fifth, so that jobs that failed
// together do not come back together.
const (
	firstPause   = 10 * time.Second
	longestPause = time.Hour
)

func pause(attempt int64) time.Duration {
	d := longestPause
	if attempt < 10 {
		d = min(d, firstPause<<max(0, attempt-1))
	}
	return d*4/5 + rand.N(d*2/5)
}

// fate is what becomes of a job after a run.
type fate struct {
	state   State
	outcome string // for the metrics
	attempt int64
	runAt   time.Time
	err     string
}

// fateOf decides what becomes of a job after a run.
func fateOf(end ending, now time.Time) fate {
	r := end.run
	f := fate{state: Done, outcome: "done", attempt: r.attempt, runAt: r.begun, err: brief.Text(end.err)}
	switch {
	case end.err == nil:
	case end.cause == errStopping || end.cause == errTwice: // the attempt does not count
		f.state, f.outcome, f.attempt, f.runAt = Ready, "released", r.attempt-1, now
		if end.cause == errTwice {
			f.runAt = now.Add(firstPause)
		}
	case end.cause == errCancelled:
		f.state, f.outcome = Cancelled, "cancelled"
	case isHopeless(end.err) || r.attempt >= int64(r.def.MaxAttempts):
		f.state, f.outcome = Failed, "failed"
	default:
		f.state, f.outcome, f.runAt = Ready, "retried", now.Add(pause(r.attempt))
	}
	return f
}

// settle stores how runs ended. Those that were simply done, most, take one statement together.
func (e *Engine) settle(ctx context.Context, q db.Querier, w *work) error {
	var plain []any
	for _, end := range w.ended {
		f := fateOf(end, w.now)
		w.fates = append(w.fates, f)
		r := end.run
		r.mu.Lock()
		result, done, total, progressed := r.result, r.done, r.total, r.progressed
		r.mu.Unlock()
		if f.state == Done && result == nil && !progressed {
			plain = append(plain, r.id)
			continue
		}
		stored, err := storeEnd(ctx, q, r, e.owner, f, result, done, total, w.now)
		if err != nil {
			return err
		}
		if !stored {
			w.fates[len(w.fates)-1].outcome = "lost"
		}
	}
	return storeDone(ctx, q, e.owner, plain, w.now)
}

func (e *Engine) report(ctx context.Context, end ending, f fate, now time.Time) {
	r := end.run
	e.meter.total.WithLabelValues(r.kind, f.outcome).Inc()
	if end.cause == errTwice {
		return
	}
	e.meter.seconds.WithLabelValues(r.kind).Observe(now.Sub(r.begun).Seconds())
	switch f.outcome {
	case "retried":
		e.Log.WarnContext(ctx, "a job failed and will be tried again",
			"kind", r.kind, "job", r.id, "attempt", r.attempt, "at", f.runAt, "error", f.err)
	case "lost":
		e.Log.WarnContext(ctx, "a job was taken over by another node before its end could be stored",
			"kind", r.kind, "job", r.id, "attempt", r.attempt)
	case "failed":
		e.Log.ErrorContext(ctx, "a job failed for good", "kind", r.kind, "job", r.id, "attempt", r.attempt, "error", f.err)
	}
}
