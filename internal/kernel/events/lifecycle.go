package events

import (
	"context"
	"errors"
	"sync"
	"time"
)

// stopGrace is how long Stop waits, in real time, for reactions it had to cancel.
const stopGrace = 2 * time.Second

// Start begins to place and to deliver. It returns when the cursors exist.
func (o *Outbox) Start(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stage != fresh {
		return errors.New("events: Start a second time")
	}
	head, err := readHead(ctx, o.DB.Reader())
	if err != nil {
		return err
	}
	if err := o.openCursors(ctx); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o.stage, o.cancel = started, cancel
	o.seen.Store(head)
	var all sync.WaitGroup
	for _, d := range o.subs {
		d.target.Store(head) // what was there before has to be looked through
		all.Go(func() { d.run(run) })
	}
	all.Go(func() { o.watch(run) })
	go func() {
		all.Wait()
		close(o.done)
	}()
	return nil
}

// Stop lets reactions that run finish until ctx ends, then cancels them, and gives the subscriptions back.
func (o *Outbox) Stop(ctx context.Context) {
	o.mu.Lock()
	was := o.stage
	if was != stopped {
		close(o.quit)
	}
	o.stage = stopped
	o.mu.Unlock()
	if was == fresh || o.cancel == nil {
		return
	}
	defer o.cancel()
	select {
	case <-o.done:
		return
	case <-ctx.Done():
	}
	o.cancel()
	grace, end := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer end()
	select {
	case <-o.done:
	case <-grace.Done():
		o.Log.WarnContext(ctx, "a reaction does not end; its subscription stays taken until the lease is over")
	}
}

func (o *Outbox) quitting() bool {
	select {
	case <-o.quit:
		return true
	default:
		return false
	}
}

// never, as a duration to sleep, waits for a ring only.
const never = time.Duration(-1)

// sleep waits for a ring, for d, or for Stop, and reports false on Stop.
func (o *Outbox) sleep(bell <-chan struct{}, d time.Duration) bool {
	if d == 0 {
		return !o.quitting()
	}
	var after <-chan time.Time
	if d > 0 {
		timer := o.Clock.NewTimer(d)
		defer timer.Stop()
		after = timer.C()
	}
	select {
	case <-o.quit:
		return false
	case <-bell:
	case <-after:
	}
	return !o.quitting()
}
