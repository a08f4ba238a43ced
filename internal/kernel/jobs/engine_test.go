package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/jobs"
)

func TestAJobRunsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 1)
		e := s.started(kind("desk.mail", got, nil))
		id := s.enqueue(e, jobs.Job{Kind: "desk.mail", Args: "hello"})
		if text := await(t, got); text != "hello" { // the clock has not moved
			t.Errorf("args %q", text)
		}
		st := s.wantState(e, id, jobs.Done)
		if st.Attempt != 1 || st.MaxAttempts != 10 || !st.FinishedAt.Equal(noon) || !st.StartedAt.Equal(noon) || st.Node != "" || st.Error != "" {
			t.Errorf("stored: %+v", st)
		}
	})
}

func TestRollbackEnqueuesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		e := s.node(kind("desk.mail", make(chan string, 1), nil))
		no := errors.New("no")
		err := s.write(func(ctx context.Context, q db.Querier) error {
			if _, err := e.Enqueue(ctx, q, jobs.Job{Kind: "desk.mail"}); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		if counts, err := e.Counts(t.Context(), s.db.Reader()); err != nil || counts[jobs.Ready] != 0 {
			t.Errorf("counts %v, error %v", counts, err)
		}
	})
}

func TestAJobWaitsForItsTime(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 2)
		e := s.started(kind("desk.mail", got, nil))
		s.enqueue(e, jobs.Job{Kind: "desk.mail", Args: "later", At: noon.Add(time.Hour)})
		s.enqueue(e, jobs.Job{Kind: "desk.mail", Args: "now"})
		if text := await(t, got); text != "now" {
			t.Errorf("first %q", text)
		}
		s.until(time.Minute, func() bool { return len(got) == 1 || s.clock.Now().After(noon.Add(2*time.Hour)) })
		if now := s.clock.Now(); now.Before(noon.Add(time.Hour)) || await(t, got) != "later" {
			t.Errorf("ran at %s", now)
		}
	})
}

func TestUniqueJobsAreNotDoubled(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, goOn := make(chan string, 9), make(chan struct{})
		e := s.started(kind("desk.index", got, func(context.Context) error { <-goOn; return nil }), kind("desk.other", got, nil))
		first := s.enqueue(e, jobs.Job{Kind: "desk.index", Unique: "all"})
		await(t, got)
		if again := s.enqueue(e, jobs.Job{Kind: "desk.index", Unique: "all"}); again != first {
			t.Error("a second was stored while the first runs")
		}
		if other := s.enqueue(e, jobs.Job{Kind: "desk.other", Unique: "all"}); other == first {
			t.Error("keys of two kinds met")
		}
		if other := s.enqueue(e, jobs.Job{Kind: "desk.index", Unique: "one"}); other == first {
			t.Error("two keys met")
		}
		close(goOn)
		s.wantState(e, first, jobs.Done)
		if again := s.enqueue(e, jobs.Job{Kind: "desk.index", Unique: "all"}); again == first {
			t.Error("a finished one is in the way")
		}
	})
}

func TestFailuresAreTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, fail := make(chan string, 9), errors.New(`no answer from "王小明"`)
		d := kind("desk.mail", got, func(context.Context) error { return fail })
		d.MaxAttempts = 3
		e := s.started(d)
		id := s.enqueue(e, jobs.Job{Kind: "desk.mail"})
		at := noon
		for attempt := int64(1); attempt < 3; attempt++ {
			await(t, got)
			s.until(0, func() bool { st := s.get(e, id); return st.State == jobs.Ready && st.Attempt == attempt })
			st := s.get(e, id)
			wait := st.RunAt.Sub(at)
			if base := 10 * time.Second << (attempt - 1); wait < base*4/5 || wait > base*6/5 || st.Error != "no answer from …" {
				t.Errorf("after attempt %d it waits %s with error %q", attempt, wait, st.Error)
			}
			wantNothing(t, got)
			s.until(poll, func() bool { return len(got) > 0 })
			at = s.get(e, id).StartedAt
		}
		await(t, got)
		st := s.wantState(e, id, jobs.Failed)
		if st.Attempt != 3 || st.FinishedAt.IsZero() {
			t.Errorf("stored: %+v", st)
		}
		if !s.logged.contains("failed for good") || s.logged.contains("王小明") {
			t.Error("the log lacks the failure, or tells too much")
		}
	})
}

func TestSomeFailuresAreFinal(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 3)
		panics := kind("desk.loud", got, func(context.Context) error { panic("ouch") })
		panics.MaxAttempts = 1
		slow := kind("desk.slow", got, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		slow.MaxAttempts, slow.Timeout = 1, time.Millisecond
		hopeless := kind("desk.hopeless", got, func(context.Context) error { return jobs.GiveUp(errors.New("no such thing")) })
		e := s.started(panics, slow, hopeless)
		for name, want := range map[string]string{
			"desk.loud": "panic: ouch", "desk.slow": "the attempt took too long", "desk.hopeless": "no such thing",
		} {
			st := s.wantState(e, s.enqueue(e, jobs.Job{Kind: name}), jobs.Failed)
			if st.Attempt != 1 || st.Error != want {
				t.Errorf("%s: %+v", name, st)
			}
		}
		if !s.logged.contains("harness_test.go") {
			t.Error("the log does not tell where the job panicked")
		}
		if jobs.GiveUp(nil) != nil {
			t.Error("GiveUp of nothing is something")
		}
	})
}

func TestProgressAndResultAreStored(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		goOn, halfway := make(chan struct{}), make(chan struct{})
		e := s.started(jobs.Definition{Kind: "desk.export", Run: func(ctx context.Context, _ json.RawMessage) error {
			jobs.Progress(ctx, 5, 10)
			close(halfway)
			<-goOn
			jobs.Progress(ctx, 10, 10)
			return jobs.Result(ctx, map[string]int{"rows": 42})
		}})
		id := s.enqueue(e, jobs.Job{Kind: "desk.export"})
		await(t, halfway)
		s.until(poll, func() bool { return s.get(e, id).Done == 5 })
		close(goOn)
		st := s.wantState(e, id, jobs.Done)
		if st.Done != 10 || st.Total != 10 || string(st.Result) != `{"rows":42}` {
			t.Errorf("stored: %+v", st)
		}
		jobs.Progress(t.Context(), 1, 2)
		must(t, jobs.Result(t.Context(), 1))
	})
}

func TestJobsActAsThemselves(t *testing.T) {
	type key struct{}
	each(t, func(t *testing.T, s *site) {
		got := make(chan any, 1)
		e := s.nodeWith(jobs.Deps{Clock: s.clock, As: func(ctx context.Context, part string) context.Context {
			return context.WithValue(ctx, key{}, part)
		}}, jobs.Definition{Kind: "desk.mail", Run: func(ctx context.Context, _ json.RawMessage) error {
			got <- ctx.Value(key{})
			return nil
		}})
		must(t, e.Start(t.Context()))
		s.enqueue(e, jobs.Job{Kind: "desk.mail"})
		if part := await(t, got); part != "desk.mail" {
			t.Errorf("acts as %v", part)
		}
	})
}

func TestDefineAndEnqueueRefuseMistakes(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 1)
		e := s.node(kind("desk.mail", got, nil))
		for name, d := range map[string]jobs.Definition{
			"form": kind("mail", got, nil), "twice": kind("desk.mail", got, nil), "nothing to run": {Kind: "desk.more"},
		} {
			if err := e.Define(d); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		for name, j := range map[string]jobs.Job{
			"unknown kind": {Kind: "desk.unknown"}, "not to be JSON": {Kind: "desk.mail", Args: make(chan int)},
		} {
			err := s.write(func(ctx context.Context, q db.Querier) error { _, err := e.Enqueue(ctx, q, j); return err })
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		must(t, e.Start(t.Context()))
		if e.Define(kind("desk.late", got, nil)) == nil || e.Start(t.Context()) == nil {
			t.Error("defined or started after Start")
		}
		e.Stop(t.Context())
		e.Stop(t.Context())
		unstarted := s.node()
		unstarted.Stop(t.Context())
		if unstarted.Start(t.Context()) == nil {
			t.Error("started after Stop")
		}
		for _, d := range []jobs.Deps{{Workers: 257}, {Lease: time.Second}} {
			d.Metrics = prometheus.NewRegistry()
			if _, err := jobs.New(d); err == nil {
				t.Errorf("%+v was taken", d)
			}
		}
	})
}

// A kind this program does not know, as during an upgrade, waits for a node that does.
func TestUnknownKindsAreLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 2)
		newer := s.node(kind("desk.newer", got, nil))
		id := s.enqueue(newer, jobs.Job{Kind: "desk.newer", Args: "new"})
		older := s.started(kind("desk.older", got, nil))
		s.enqueue(older, jobs.Job{Kind: "desk.older", Args: "old"})
		if text := await(t, got); text != "old" {
			t.Errorf("ran %q", text)
		}
		if st := s.get(older, id); st.State != jobs.Ready || st.MaxAttempts != 0 {
			t.Errorf("stored: %+v", st)
		}
		must(t, newer.Start(t.Context()))
		if text := await(t, got); text != "new" {
			t.Errorf("ran %q", text)
		}
	})
}

func TestAnOutageIsSurvived(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, goOn := make(chan string, 2), make(chan struct{})
		e := s.started(kind("desk.mail", got, func(context.Context) error { <-goOn; return nil }))
		id := s.enqueue(e, jobs.Job{Kind: "desk.mail"})
		await(t, got)
		rename := func(from, to string) {
			t.Helper()
			must(t, s.write(func(ctx context.Context, q db.Querier) error {
				_, err := q.ExecContext(ctx, "alter table "+from+" rename to "+to)
				return err
			}))
		}
		rename("jobs_job", "jobs_gone")
		close(goOn)
		s.until(0, func() bool { return s.logged.contains("cannot be stored") })
		rename("jobs_gone", "jobs_job")
		s.until(poll, func() bool { return s.get(e, id).State == jobs.Done })
		if !s.logged.contains("can be stored again") {
			t.Error("the log does not tell the end of the outage")
		}
		wantNothing(t, got)
	})
}

func TestPausesGrowAndDiffer(t *testing.T) {
	t.Parallel()
	for attempt, base := range map[int64]time.Duration{1: 10 * time.Second, 4: 80 * time.Second, 9: 2560 * time.Second, 10: time.Hour, 1000: time.Hour} {
		seen := map[time.Duration]bool{}
		for range 50 {
			p := jobs.Pause(attempt)
			if p < base*4/5 || p > base*6/5 {
				t.Errorf("pause after attempt %d: %s", attempt, p)
			}
			seen[p] = true
		}
		if len(seen) < 10 {
			t.Errorf("the pauses after attempt %d are all alike", attempt)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	b, err := i18n.New(jobs.Words)
	must(t, err)
	l := b.Locale(i18n.En, nil)
	for _, key := range []string{jobs.ErrNotFound.Code, jobs.ErrWrongState.Code, jobs.ErrTwin.Code} {
		if !l.Has("error." + key) {
			t.Errorf("no words for %s", key)
		}
	}
	for _, state := range jobs.States() {
		if !l.Has("jobs.state." + string(state)) {
			t.Errorf("no word for %s", state)
		}
	}
}
