package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func TestFakeFiresTimersInOrder(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(start)
	late, early := fake.NewTimer(2*time.Minute), fake.NewTimer(time.Minute)
	fake.Advance(59 * time.Second)
	select {
	case <-early.C():
		t.Fatal("a timer fired early")
	default:
	}
	fake.Advance(time.Second)
	if at := <-early.C(); !at.Equal(start.Add(time.Minute)) {
		t.Errorf("fired at %s", at)
	}
	if fake.Waiting() != 1 || early.Stop() {
		t.Errorf("%d timers wait, want 1, and a timer that fired cannot be stopped", fake.Waiting())
	}
	if !late.Stop() || fake.Waiting() != 0 {
		t.Error("stopping a waiting timer")
	}
	fake.Advance(time.Hour)
	select {
	case <-late.C():
		t.Error("a stopped timer fired")
	default:
	}
}

func TestFakeTimerCanBeReset(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(start)
	timer := fake.NewTimer(time.Minute)
	fake.Advance(time.Minute)
	if timer.Reset(time.Minute) {
		t.Error("Reset said that a fired timer was waiting")
	}
	select {
	case <-timer.C():
		t.Fatal("Reset left a stale time behind")
	default:
	}
	if !timer.Reset(time.Hour) {
		t.Error("Reset said that a waiting timer was not")
	}
	fake.Set(start.Add(2 * time.Hour))
	if at := <-timer.C(); !at.Equal(start.Add(time.Minute + time.Hour)) {
		t.Errorf("fired at %s", at)
	}
}

func TestFakeSetBack(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(start)
	timer := fake.NewTimer(time.Minute)
	fake.Set(start.Add(-time.Hour))
	if fake.Waiting() != 1 || !fake.Now().Equal(start.Add(-time.Hour)) {
		t.Error("setting the clock back fired a timer")
	}
	if fake.NewTimer(0); fake.Waiting() != 1 {
		t.Error("a timer of no length has to fire at once")
	}
	timer.Stop()
}

// A loop that sleeps is driven step by step without any real waiting.
func TestSleepIsDrivenByTheFake(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(start)
	ctx, cancel := context.WithCancelCause(t.Context())
	rounds, ended := make(chan time.Time), make(chan error, 1)
	go func() {
		for {
			if err := clock.Sleep(ctx, fake, time.Minute); err != nil {
				ended <- err
				return
			}
			rounds <- fake.Now()
		}
	}()
	for i := 1; i <= 3; i++ {
		fake.BlockUntil(1)
		fake.Advance(time.Minute)
		if at, want := <-rounds, start.Add(time.Duration(i)*time.Minute); !at.Equal(want) {
			t.Fatalf("round %d at %s, want %s", i, at, want)
		}
	}
	fake.BlockUntil(1)
	why := errors.New("stopped")
	cancel(why)
	if err := <-ended; !errors.Is(err, why) {
		t.Errorf("Sleep = %v, want %v", err, why)
	}
	if fake.Waiting() != 0 {
		t.Error("a Sleep that was cut short left its timer running")
	}
	if err := clock.Sleep(ctx, fake, 0); !errors.Is(err, why) {
		t.Errorf("Sleep in an ended context = %v", err)
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	c := clock.System()
	before := time.Now()
	if now := c.Now(); now.Before(before) {
		t.Errorf("Now = %s, before %s", now, before)
	}
	if err := clock.Sleep(t.Context(), c, time.Millisecond); err != nil {
		t.Error(err)
	}
	timer := c.NewTimer(time.Hour)
	if !timer.Stop() || timer.Reset(time.Nanosecond) {
		t.Error("Stop and Reset answer like time.Timer")
	}
	<-timer.C()
}
