package clock

import (
	"context"
	"time"
	_ "time/tzdata" // a container without zoneinfo still knows Asia/Shanghai
)

// DefaultZone is the zone of the working calendar where nothing else is configured.
const DefaultZone = "Asia/Shanghai"

// Clock tells the time and makes timers.
type Clock interface {
	Now() time.Time
	NewTimer(d time.Duration) Timer
}

// Timer fires once on C after its duration, like time.Timer.
type Timer interface {
	C() <-chan time.Time
	// Stop prevents the timer from firing; false when it had fired or was stopped already. No stale time is
	// left in C.
	Stop() bool
	// Reset starts the timer anew; the result is that of Stop.
	Reset(d time.Duration) bool
}

// System returns the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now() }

func (system) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

type systemTimer struct{ *time.Timer }

func (t systemTimer) C() <-chan time.Time { return t.Timer.C }

// Sleep waits for d or until ctx ends, and then returns ctx's cause.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	timer := c.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
