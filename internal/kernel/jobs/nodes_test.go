package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/jobs"
)

func TestSeveralNodesRunEachJobOnce(t *testing.T) {
	const nodes, count = 3, 120
	each(t, func(t *testing.T, s *site) {
		var mu sync.Mutex
		runs := map[string]int{}
		var faults atomic.Int64
		done := make(chan struct{})
		d := jobs.Definition{Kind: "desk.mail", Run: func(_ context.Context, args json.RawMessage) error {
			mu.Lock()
			defer mu.Unlock()
			if runs[string(args)]++; runs[string(args)] > 1 {
				faults.Add(1)
			}
			if len(runs) == count {
				close(done)
			}
			return nil
		}}
		var all []*jobs.Engine
		for range nodes {
			e := s.nodeWith(jobs.Deps{Clock: clock.System(), Poll: 5 * time.Millisecond, Workers: 4}, d)
			must(t, e.Start(t.Context()))
			all = append(all, e)
		}
		var w sync.WaitGroup
		for n := range 4 {
			w.Go(func() {
				for i := range count / 4 {
					err := s.write(func(ctx context.Context, q db.Querier) error {
						_, err := all[n%nodes].Enqueue(ctx, q, jobs.Job{Kind: "desk.mail", Args: fmt.Sprintf("%d-%d", n, i)})
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		w.Wait()
		await(t, done)
		for _, e := range all {
			e.Stop(t.Context())
		}
		if faults.Load() > 0 {
			t.Errorf("%d jobs ran twice", faults.Load())
		}
		if c, err := all[0].Counts(t.Context(), s.db.Reader()); err != nil || c[jobs.Done] != count {
			t.Errorf("counts %v, error %v", c, err)
		}
	})
}

// hanging is a kind whose runs tell that they began and wait for the test, or for their context.
func hanging(got chan string, goOn <-chan struct{}, listens bool) jobs.Definition {
	return kind("desk.long", got, func(ctx context.Context) error {
		if !listens {
			<-goOn
			return nil
		}
		select {
		case <-goOn:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

func TestADeadNodesJobIsTakenOverAfterItsLease(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, also, hang := make(chan string, 1), make(chan string, 1), make(chan struct{})
		doomed := s.started(hanging(got, hang, false))
		defer close(hang)
		id := s.enqueue(doomed, jobs.Job{Kind: "desk.long"})
		await(t, got)
		doomed.Kill()
		other := s.started(hanging(also, nil, true), kind("desk.alive", got, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
		alive := s.enqueue(other, jobs.Job{Kind: "desk.alive"})
		await(t, got)
		for s.clock.Now().Before(noon.Add(lease - poll)) {
			s.clock.BlockUntil(1)
			wantNothing(t, also)
			s.clock.Advance(poll)
		}
		s.until(poll, func() bool { return len(also) == 1 })
		if st := s.get(other, id); st.State != jobs.Running || st.Attempt != 2 || st.Error != "the node that ran it is gone" {
			t.Errorf("stored: %+v", st)
		}
		if st := s.get(other, alive); st.State != jobs.Running || st.Attempt != 1 {
			t.Errorf("the living one's job was taken, too: %+v", st)
		}
	})
}

// A job that kills its node does so only as often as it may be tried.
func TestADeadlyJobFails(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, hang := make(chan string, 1), make(chan struct{})
		defer close(hang)
		d := hanging(got, hang, false)
		d.MaxAttempts = 1
		doomed := s.started(d)
		id := s.enqueue(doomed, jobs.Job{Kind: "desk.long"})
		await(t, got)
		doomed.Kill()
		other := s.started(d)
		s.until(poll, func() bool { return s.get(other, id).State == jobs.Failed })
		wantNothing(t, got)
	})
}

func TestALeaseIsProlongedAsLongAsTheJobRuns(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, also, goOn := make(chan string, 1), make(chan string, 1), make(chan struct{})
		first := s.started(hanging(got, goOn, true))
		second := s.started(hanging(also, nil, true))
		var id string
		must(t, s.write(func(ctx context.Context, q db.Querier) (err error) { // only the first is rung
			id, err = first.Enqueue(ctx, q, jobs.Job{Kind: "desk.long"})
			return err
		}))
		await(t, got)
		for range 4 * lease / poll {
			s.clock.BlockUntil(2) // both have looked
			s.clock.Advance(poll)
		}
		close(goOn)
		if st := s.wantState(second, id, jobs.Done); st.Attempt != 1 {
			t.Errorf("stored: %+v", st)
		}
		wantNothing(t, also)
	})
}

// A node that cannot store its leases cancels what it may no longer run before another takes it.
func TestALostLeaseCancelsTheRun(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, ended := make(chan string, 2), make(chan error, 2)
		e := s.started(kind("desk.long", got, func(ctx context.Context) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		}))
		id := s.enqueue(e, jobs.Job{Kind: "desk.long"})
		await(t, got)
		must(t, s.write(func(ctx context.Context, q db.Querier) error { // as another node would
			_, err := q.ExecContext(ctx, "update jobs_job set owner = 'other', lease_until = $1 where id = $2",
				db.At(noon.Add(time.Hour)), id)
			return err
		}))
		s.until(poll, func() bool { return len(ended) == 1 })
		if err := await(t, ended); err == nil || err.Error() != "the lease was lost" {
			t.Errorf("cause %v", err)
		}
		s.until(0, func() bool { return s.logged.contains("taken over by another node") })
		if st := s.get(e, id); st.State != jobs.Running || st.Node != "other" {
			t.Errorf("the other's job was touched: %+v", st)
		}
	})
}

func TestASleeperCancelsItsRuns(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, ended := make(chan string, 2), make(chan error, 2)
		e := s.started(kind("desk.long", got, func(ctx context.Context) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		}))
		s.enqueue(e, jobs.Job{Kind: "desk.long"})
		await(t, got)
		s.clock.BlockUntil(1)
		s.clock.Advance(2 * lease) // the machine slept
		if err := await(t, ended); err == nil || err.Error() != "the lease was lost" {
			t.Errorf("cause %v", err)
		}
	})
}

func TestStopLetsJobsFinish(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, goOn := make(chan string, 1), make(chan struct{})
		e := s.started(hanging(got, goOn, true))
		id := s.enqueue(e, jobs.Job{Kind: "desk.long"})
		await(t, got)
		stopped := make(chan struct{})
		go func() { e.Stop(context.Background()); close(stopped) }()
		s.until(0, e.Draining)
		second := s.enqueue(e, jobs.Job{Kind: "desk.long"})
		close(goOn)
		await(t, stopped)
		if st := s.get(e, id); st.State != jobs.Done {
			t.Errorf("stored: %+v", st)
		}
		if st := s.get(e, second); st.State != jobs.Ready || st.Attempt != 0 {
			t.Errorf("begun while stopping: %+v", st)
		}
	})
}

func TestStopGivesBackWhatDoesNotFinish(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, also := make(chan string, 1), make(chan string, 1)
		e := s.started(hanging(got, nil, true))
		id := s.enqueue(e, jobs.Job{Kind: "desk.long"})
		await(t, got)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		e.Stop(over)
		if st := s.get(e, id); st.State != jobs.Ready || st.Attempt != 0 || st.Node != "" {
			t.Errorf("stored: %+v", st)
		}
		s.started(hanging(also, nil, true))
		await(t, also) // at once: no lease to wait for
	})
}

func TestStopKeepsTheLeaseOfWhatDoesNotEnd(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, hang := make(chan string, 1), make(chan struct{})
		e := s.started(hanging(got, hang, false))
		id := s.enqueue(e, jobs.Job{Kind: "desk.long"})
		await(t, got)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		e.Stop(over)
		if st := s.get(e, id); st.State != jobs.Running {
			t.Errorf("given back while it still runs: %+v", st)
		}
		close(hang)
	})
}

func TestAPeriodicJobIsEnqueuedOnceByManyNodes(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 100)
		d := kind("desk.tick", got, nil)
		d.Every = jobs.Every(time.Minute)
		for range 3 {
			s.started(d)
		}
		for minute := 1; minute <= 5; minute++ {
			s.clock.BlockUntil(3)
			wantNothing(t, got)
			s.clock.Set(noon.Add(time.Duration(minute) * time.Minute))
			await(t, got)
			for range 3 {
				s.clock.BlockUntil(3)
				s.clock.Advance(poll)
			}
			wantNothing(t, got)
		}
	})
}

func TestAMissedRunIsMadeUpForOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 100)
		d := kind("desk.tick", got, nil)
		d.Every = jobs.DailyAt("02:30", zone("Asia/Shanghai"))
		first := s.started(d)
		first.Stop(t.Context())
		s.clock.Advance(5 * 24 * time.Hour)
		second := s.started(d)
		await(t, got)
		s.until(poll, func() bool { return s.clock.Now().After(noon.Add(5*24*time.Hour + 10*poll)) })
		wantNothing(t, got)
		all, err := second.Schedules(t.Context(), s.db.Reader())
		must(t, err)
		if len(all) != 2 || all[0].Kind != "desk.tick" || all[1].Kind != "jobs.purge" {
			t.Fatalf("schedules %+v", all)
		}
		if want := time.Date(2026, 11, 26, 18, 30, 0, 0, time.UTC); !all[0].Next.Equal(want) || !all[0].Last.Equal(noon.Add(5*24*time.Hour)) {
			t.Errorf("next %s, last %s", all[0].Next, all[0].Last)
		}
	})
}

func TestAChangedScheduleCountsFromNow(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 1)
		d := kind("desk.tick", got, nil)
		d.Every = jobs.Every(time.Hour)
		s.started(d).Stop(t.Context())
		s.clock.Advance(30 * time.Minute)
		d.Every = jobs.Every(24 * time.Hour)
		e := s.started(d)
		all, err := e.Schedules(t.Context(), s.db.Reader())
		must(t, err)
		if want := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC); !all[0].Next.Equal(want) || all[0].Spec != "every 24h0m0s" {
			t.Errorf("%+v", all[0])
		}
	})
}

// While a run is not finished, the next is not enqueued on top of it.
func TestPeriodicRunsDoNotPileUp(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, goOn := make(chan string, 9), make(chan struct{})
		d := kind("desk.tick", got, func(context.Context) error { <-goOn; return nil })
		d.Every = jobs.Every(time.Minute)
		e := s.started(d)
		s.clock.BlockUntil(1)
		s.clock.Advance(time.Minute)
		await(t, got)
		s.until(10*time.Second, func() bool { return s.clock.Now().After(noon.Add(5 * time.Minute)) })
		wantNothing(t, got)
		close(goOn)
		s.until(0, func() bool {
			c, err := e.Counts(t.Context(), s.db.Reader())
			must(t, err)
			return c[jobs.Done] == 1 && c[jobs.Ready] == 0
		})
	})
}

var errFail = errors.New("no")
