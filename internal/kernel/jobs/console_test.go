package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/jobs"
)

func TestListIsFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 9)
		e := s.node(kind("desk.mail", got, nil), kind("desk.index", got, nil))
		var ids []string
		for i := range 5 {
			ids = append(ids, s.enqueue(e, jobs.Job{Kind: "desk.mail", Args: fmt.Sprint(i)}))
		}
		other := s.enqueue(e, jobs.Job{Kind: "desk.index"})
		must(t, s.write(func(ctx context.Context, q db.Querier) error { return e.Cancel(ctx, q, ids[4]) }))
		list := func(f jobs.Filter) (all []string) {
			for p := (db.Page{Limit: 2}); ; {
				rows, next, err := e.List(t.Context(), s.db.Reader(), f, p)
				must(t, err)
				for _, r := range rows {
					all = append(all, r.ID)
				}
				if p.Cursor = next; next == "" {
					return all
				}
			}
		}
		same := func(name string, got []string, want ...string) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		same("all", list(jobs.Filter{}), other, ids[4], ids[3], ids[2], ids[1], ids[0])
		same("kind", list(jobs.Filter{Kind: "desk.index"}), other)
		same("state", list(jobs.Filter{State: jobs.Cancelled}), ids[4])
		same("both", list(jobs.Filter{State: jobs.Ready, Kind: "desk.mail"}), ids[3], ids[2], ids[1], ids[0])
		if _, _, err := e.List(t.Context(), s.db.Reader(), jobs.Filter{}, db.Page{Cursor: "junk"}); err == nil {
			t.Error("a junk cursor was taken")
		}
		c, err := e.Counts(t.Context(), s.db.Reader())
		must(t, err)
		if c[jobs.Ready] != 5 || c[jobs.Cancelled] != 1 || len(c) != 5 {
			t.Errorf("counts %v", c)
		}
		if _, err := e.Get(t.Context(), s.db.Reader(), "none"); !errors.Is(err, jobs.ErrNotFound) {
			t.Errorf("error = %v", err)
		}
	})
}

func TestRetryAndCancel(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got, fail := make(chan string, 9), errFail
		d := kind("desk.mail", got, func(context.Context) error { return fail })
		d.MaxAttempts = 1
		e := s.started(d)
		do := func(fn func(ctx context.Context, q db.Querier, id string) error, id string) error {
			return s.write(func(ctx context.Context, q db.Querier) error { return fn(ctx, q, id) })
		}
		want := func(name string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: error = %v, want %v", name, err, want)
			}
		}
		want("retry of none", do(e.Retry, "none"), jobs.ErrNotFound)
		want("cancel of none", do(e.Cancel, "none"), jobs.ErrNotFound)

		id := s.enqueue(e, jobs.Job{Kind: "desk.mail", Unique: "u"})
		s.wantState(e, id, jobs.Failed)
		want("cancel of a failed one", do(e.Cancel, id), jobs.ErrWrongState)
		later := s.enqueue(e, jobs.Job{Kind: "desk.mail", Unique: "u", At: noon.Add(time.Hour)})
		want("retry beside a twin", do(e.Retry, id), jobs.ErrTwin)
		want("retry of a ready one", do(e.Retry, later), jobs.ErrWrongState)
		want("cancel of a ready one", do(e.Cancel, later), nil)
		if st := s.get(e, later); st.State != jobs.Cancelled || !st.FinishedAt.Equal(noon) || st.Attempt != 0 {
			t.Errorf("cancelled: %+v", st)
		}
		await(t, got)
		want("retry of a failed one", do(e.Retry, id), nil)
		await(t, got)
		s.until(0, func() bool { return s.get(e, id).State == jobs.Failed })
		want("retry of a cancelled one", do(e.Retry, later), nil)
		await(t, got)
	})
}

// A running job is cancelled where it runs, whichever node is asked.
func TestCancelReachesTheNodeThatRunsIt(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 1)
		e := s.started(hanging(got, nil, true))
		id := s.enqueue(e, jobs.Job{Kind: "desk.long"})
		await(t, got)
		asked := s.node() // another node
		must(t, s.write(func(ctx context.Context, q db.Querier) error { return asked.Cancel(ctx, q, id) }))
		if st := s.get(e, id); !st.CancelAsked {
			t.Errorf("stored: %+v", st)
		}
		s.until(poll, func() bool { return s.get(e, id).State == jobs.Cancelled })
		if st := s.get(e, id); st.Error != "cancelled" || st.FinishedAt.IsZero() {
			t.Errorf("stored: %+v", st)
		}
	})
}

func TestRunNow(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 9)
		fail := true
		d := kind("desk.tick", got, func(context.Context) error {
			if fail {
				fail = false
				return errFail
			}
			return nil
		})
		d.Every = jobs.Every(24 * time.Hour)
		e := s.started(d, kind("desk.mail", got, nil))
		run := func(kind string) (id string, err error) {
			err = s.write(func(ctx context.Context, q db.Querier) (err error) {
				id, err = e.RunNow(ctx, q, kind)
				return err
			})
			return id, err
		}
		first, err := run("desk.tick")
		must(t, err)
		await(t, got)
		s.until(0, func() bool { st := s.get(e, first); return st.State == jobs.Ready && st.Attempt == 1 })
		again, err := run("desk.tick") // it waits for its second attempt, and does not have to any more
		must(t, err)
		await(t, got)
		if again != first {
			t.Error("a second run was stored beside the first")
		}
		s.wantState(e, first, jobs.Done)
		for _, kind := range []string{"desk.mail", "desk.unknown"} {
			if _, err := run(kind); !errors.Is(err, jobs.ErrNotFound) {
				t.Errorf("%s: error = %v", kind, err)
			}
		}
	})
}

func TestFinishedJobsArePurged(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		got := make(chan string, 9)
		d := kind("desk.bad", got, func(context.Context) error { return errFail })
		d.MaxAttempts = 1
		e := s.started(kind("desk.mail", got, nil), d)
		done := s.enqueue(e, jobs.Job{Kind: "desk.mail"})
		failed := s.enqueue(e, jobs.Job{Kind: "desk.bad"})
		later := s.enqueue(e, jobs.Job{Kind: "desk.mail", At: noon.Add(1000 * 24 * time.Hour)})
		s.wantState(e, done, jobs.Done)
		s.wantState(e, failed, jobs.Failed)
		gone := func(id string) bool {
			_, err := e.Get(t.Context(), s.db.Reader(), id)
			return errors.Is(err, jobs.ErrNotFound)
		}
		purge := func() {
			t.Helper()
			var id string
			must(t, s.write(func(ctx context.Context, q db.Querier) (err error) {
				id, err = e.RunNow(ctx, q, "jobs.purge")
				return err
			}))
			s.wantState(e, id, jobs.Done)
		}
		s.clock.BlockUntil(1)
		s.clock.Advance(15 * 24 * time.Hour)
		purge()
		if !gone(done) || gone(failed) || gone(later) {
			t.Errorf("after 15 days: done gone %v, failed gone %v, waiting gone %v", gone(done), gone(failed), gone(later))
		}
		s.clock.BlockUntil(1)
		s.clock.Advance(90 * 24 * time.Hour)
		purge()
		if !gone(failed) || gone(later) {
			t.Error("after 105 days the failed one should be gone, the waiting one not")
		}
	})
}
