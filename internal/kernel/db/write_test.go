package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
)

func TestNestedWriteIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var kept context.Context
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			kept = ctx
			if !db.InWrite(ctx) {
				t.Error("InWrite is false within Write")
			}
			return d.Write(ctx, func(context.Context, db.Querier) error { return nil })
		})
		wantCode(t, err, errs.Internal, "internal")
		if !errors.Is(err, db.ErrNested) {
			t.Errorf("%v does not name its cause", err)
		}
		if db.InWrite(kept) || db.InWrite(t.Context()) {
			t.Error("InWrite is true outside Write")
		}
		if err := d.Write(kept, func(ctx context.Context, q db.Querier) error { return insertItem(ctx, q, "a", 1) }); err != nil {
			t.Errorf("a write with the context of one that is over: %v", err)
		}
	}, items)
}

func TestAfterCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var seen []int
		note := func() { seen = append(seen, count(t, d, "true")) }
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			db.AfterCommit(ctx, note)
			db.AfterCommit(ctx, note)
			return insertItem(ctx, q, "a", 1)
		})
		if err != nil || fmt.Sprint(seen) != "[1 1]" {
			t.Fatalf("%v; the hooks saw %v rows, want them after the commit", err, seen)
		}
		fault := errors.New("no")
		err = d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			db.AfterCommit(ctx, note)
			return fault
		})
		if !errors.Is(err, fault) || len(seen) != 2 {
			t.Errorf("%v; a rolled back write ran its hook", err)
		}
		if db.AfterCommit(t.Context(), note); len(seen) != 3 {
			t.Error("outside a write the hook did not run")
		}
	}, items)
}

func TestQuerierEndsWithItsWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var leaked db.Querier
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			leaked = q
			rows, err := q.QueryContext(ctx, "select id from t_item union all select 'x'")
			if err == nil && !rows.Next() {
				t.Error("no row")
			}
			return err // and the rows stay open
		})
		if err != nil {
			t.Fatal(err)
		}
		var one int
		if _, err := leaked.ExecContext(t.Context(), "delete from t_item"); err == nil {
			t.Error("a leaked Querier still writes")
		}
		if _, err := leaked.QueryContext(t.Context(), "select 1"); err == nil {
			t.Error("a leaked Querier still reads")
		}
		if err := leaked.QueryRowContext(t.Context(), "select 1").Scan(&one); err == nil {
			t.Error("a leaked Querier still reads a row")
		}
		addItem(t, d, "a", 1)
	}, items)
}

func TestPanicRollsBackAndGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		func() {
			defer func() {
				if p := recover(); p != "boom" {
					t.Errorf("recovered %v", p)
				}
			}()
			d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
				if err := insertItem(ctx, q, "a", 1); err != nil {
					t.Error(err)
				}
				panic("boom")
			})
		}()
		addItem(t, d, "b", 1)
		if got := count(t, d, "true"); got != 1 {
			t.Errorf("%d rows after a panic and a write", got)
		}
	}, items)
}

func TestGoexitRollsBackAndGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		returned := true
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() { returned = false }()
			d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
				if err := insertItem(ctx, q, "a", 1); err != nil {
					t.Error(err)
				}
				runtime.Goexit()
				return nil
			})
			t.Error("Write returned")
		})
		wg.Wait()
		addItem(t, d, "b", 1)
		if got := count(t, d, "true"); got != 1 || returned {
			t.Errorf("%d rows after an exit and a write", got)
		}
	}, items)
}

func TestCancelledWriteDoesNotRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := d.Write(ctx, func(context.Context, db.Querier) error {
			t.Error("the function of a cancelled write ran")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}, items)
}

// Every counter is read and then written, which on a plain pool loses updates or fails.
func TestConcurrentReadThenWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addItem(t, d, "a", 0)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
						var n int
						if err := q.QueryRowContext(ctx, "select n from t_item where id = 'a'").Scan(&n); err != nil {
							return err
						}
						_, err := q.ExecContext(ctx, "update t_item set n = $1 where id = 'a'", n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := count(t, d, "n = 80"); got != 1 {
			t.Error("updates were lost")
		}
		s := d.Stats()
		if s.Writes != 81 || s.Groups == 0 || s.Queued != 0 || d.Engine() == db.Postgres && s.Retries == 0 {
			t.Errorf("stats %+v", s)
		}
	}, items)
}

// Two transactions that each read what the other writes: only a serializable engine, with a new run for one of them,
// keeps the sum.
func TestWriteSkewIsRunAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		met := make(chan struct{}, 2)
		for i := range 2 {
			wg.Go(func() {
				runs := 0
				err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
					runs++
					var n int
					if err := q.QueryRowContext(ctx, "select count(*) from t_item").Scan(&n); err != nil {
						return err
					}
					if runs == 1 && d.Engine() == db.Postgres {
						met <- struct{}{} // both have read before either writes
						for len(met) < 2 {
							runtime.Gosched()
						}
					}
					return insertItem(ctx, q, fmt.Sprint(i), n)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := count(t, d, "n in (0, 1)"); got != 2 {
			t.Errorf("%d of the two rows saw the other", got)
		}
	}, set("create table t_item (id text not null primary key, n bigint not null)"))
}
