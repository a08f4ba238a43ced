package clock

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// blockLimit is how long, in real time, BlockUntil waits before it calls the test stuck.
const blockLimit = 10 * time.Second

// Fake is a clock for tests: it stands still until it is moved. It is safe for use by several goroutines.
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	waiting []*fakeTimer
	changed chan struct{} // closed and replaced whenever waiting changes
}

// NewFake returns a clock that shows t.
func NewFake(t time.Time) *Fake { return &Fake{now: t, changed: make(chan struct{})} }

// Now returns the time the clock was last moved to.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Set moves the clock to t and fires the timers that are due, the earliest first. Moving it back fires none.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = t
	f.fire()
}

// Advance moves the clock by d; see Set.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	f.fire()
}

// Waiting returns how many timers are running.
func (f *Fake) Waiting() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting)
}

// BlockUntil returns when at least n timers are running, which tells a test that a background loop sleeps. It
// panics after ten seconds of real time, so that a loop that never sleeps shows as itself.
func (f *Fake) BlockUntil(n int) {
	limit := time.NewTimer(blockLimit)
	defer limit.Stop()
	for {
		f.mu.Lock()
		have, changed := len(f.waiting), f.changed
		f.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			panic(fmt.Sprintf("clock: waited %s for %d running timers, there are %d", blockLimit, n, have))
		}
	}
}

// NewTimer returns a timer that fires when the clock is moved to d from now or later; at once when d is not
// positive.
func (f *Fake) NewTimer(d time.Duration) Timer {
	t := &fakeTimer{clock: f, c: make(chan time.Time, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.start(t, d)
	return t
}

// start and fire are called with the lock held.
func (f *Fake) start(t *fakeTimer, d time.Duration) {
	t.due = f.now.Add(d)
	f.waiting = append(f.waiting, t)
	f.announce()
	f.fire()
}

func (f *Fake) fire() {
	slices.SortStableFunc(f.waiting, func(a, b *fakeTimer) int { return a.due.Compare(b.due) })
	due, _ := slices.BinarySearchFunc(f.waiting, f.now, func(t *fakeTimer, now time.Time) int {
		return cmp.Or(t.due.Compare(now), -1) // one that is due exactly now fires
	})
	if due == 0 {
		return
	}
	for _, t := range f.waiting[:due] {
		t.c <- t.due
	}
	f.waiting = slices.Delete(f.waiting, 0, due)
	f.announce()
}

func (f *Fake) announce() {
	close(f.changed)
	f.changed = make(chan struct{})
}

type fakeTimer struct {
	clock *Fake
	due   time.Time
	c     chan time.Time // one place: a waiting timer fires at most once
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stop()
}

func (t *fakeTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.stop()
	t.clock.start(t, d)
	return was
}

// stop is called with the lock held.
func (t *fakeTimer) stop() bool {
	select {
	case <-t.c: // fired but not read: as if it had fired long ago
	default:
	}
	i := slices.Index(t.clock.waiting, t)
	if i < 0 {
		return false
	}
	t.clock.waiting = slices.Delete(t.clock.waiting, i, i+1)
	t.clock.announce()
	return true
}
