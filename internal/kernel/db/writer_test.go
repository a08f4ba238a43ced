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

// hold keeps SQLite's writer within one write until release is called, which returns that write's answer.
func hold(t *testing.T, d *db.DB) (release func() error) {
	t.Helper()
	inside, leave, answer := make(chan struct{}, 1), make(chan struct{}), make(chan error, 1)
	go func() {
		answer <- d.Write(t.Context(), func(context.Context, db.Querier) error {
			select {
			case inside <- struct{}{}:
				<-leave
			default: // a new run, when a neighbour broke the group
			}
			return nil
		})
	}()
	<-inside
	inside <- struct{}{} // a new run finds it full
	return func() error {
		close(leave)
		return <-answer
	}
}

// untilQueued returns when n writes wait.
func untilQueued(d *db.DB, n int) {
	for d.Stats().Queued < int64(n) {
		runtime.Gosched()
	}
}

// crowd has n writes wait behind one, so that they share its group, and returns when all are answered. It returns the
// answer of the one before them.
func crowd(t *testing.T, d *db.DB, n int, write func(i int)) error {
	t.Helper()
	release := hold(t, d)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { write(i) })
	}
	untilQueued(d, n)
	err := release()
	wg.Wait()
	return err
}

// crowdOK is crowd where the one before must succeed.
func crowdOK(t *testing.T, d *db.DB, n int, write func(i int)) {
	t.Helper()
	if err := crowd(t, d, n, write); err != nil {
		t.Errorf("the first of the crowd: %v", err)
	}
}

func TestOneFailureHurtsNobodyElse(t *testing.T) {
	const n = 100
	fault := errors.New("no")
	for name, fail := range map[string]func(ctx context.Context, q db.Querier) error{
		"before writing": func(context.Context, db.Querier) error { return fault },
		"after writing": func(ctx context.Context, q db.Querier) error {
			return errors.Join(insertItem(ctx, q, "bad", 1_000_000), fault)
		},
		"by a statement": func(ctx context.Context, q db.Querier) error {
			if err := insertItem(ctx, q, "bad", 1_000_001); err != nil {
				return err
			}
			return errors.Join(insertItem(ctx, q, "bad", 1_000_002), fault)
		},
		"by a script": func(ctx context.Context, q db.Querier) error {
			_, err := q.ExecContext(ctx, "insert into t_item (id, n) values ('bad', 1000003); insert nothing")
			return errors.Join(err, fault)
		},
		"by ending the transaction": func(ctx context.Context, q db.Querier) error {
			_, err := q.ExecContext(ctx, "rollback")
			return errors.Join(err, insertItem(ctx, q, "bad", 1_000_004), fault)
		},
		"by committing": func(ctx context.Context, q db.Querier) error {
			_, err := q.ExecContext(ctx, "commit")
			return errors.Join(err, insertItem(ctx, q, "bad", 1_000_005), fault)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, db.SQLite, items)
			crowdOK(t, d, n, func(i int) {
				err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
					if i%10 == 3 {
						return fail(ctx, q)
					}
					return insertItem(ctx, q, fmt.Sprint(i), i)
				})
				if i%10 == 3 && !errors.Is(err, fault) || i%10 != 3 && err != nil {
					t.Errorf("write %d: %v", i, err)
				}
			})
			if good, all := count(t, d, "n < $1", n), count(t, d, "true"); good != 90 || all != 90 {
				t.Errorf("%d rows of the good ones, %d in all", good, all)
			}
		})
	}
}

func TestGroupIsOneCommit(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	crowdOK(t, d, 50, func(i int) { addItem(t, d, fmt.Sprint(i), i) })
	s := d.Stats()
	if s.Groups != 1 || s.LargestGroup != 51 || s.Writes != 51 || s.Retries != 0 || s.WaitTotal <= 0 {
		t.Errorf("stats %+v", s)
	}
}

// A function that returns nil although it ended the transaction must not be told that it was kept.
func TestEndingTheTransactionIsAFailure(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	for _, statement := range []string{"rollback", "commit"} {
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			if err := insertItem(ctx, q, statement, 1); err != nil {
				return err
			}
			q.ExecContext(ctx, statement)
			return nil
		})
		if err == nil {
			t.Errorf("%s: the write claims to be kept", statement)
		}
	}
	if got := count(t, d, "true"); got != 0 {
		t.Errorf("%d rows were kept", got)
	}
}

func TestPanicsAndExitsInACrowd(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("boom") }, "exit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, db.SQLite, items)
			crowdOK(t, d, 60, func(i int) {
				defer func() {
					if p := recover(); (p == "boom") != (i%10 == 3 && name == "panic") {
						t.Errorf("write %d: panic %v", i, p)
					}
				}()
				err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
					if err := insertItem(ctx, q, fmt.Sprint(i), i); err != nil {
						return err
					}
					if i%10 == 3 {
						leave()
					}
					return nil
				})
				if err != nil {
					t.Errorf("write %d: %v", i, err)
				}
			})
			if got := count(t, d, "n % 10 <> 3"); got != 54 || count(t, d, "true") != 54 {
				t.Errorf("%d good rows of %d", got, count(t, d, "true"))
			}
		})
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	release := hold(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		left <- d.Write(ctx, func(context.Context, db.Querier) error {
			t.Error("the function of a write that left the queue ran")
			return nil
		})
	}()
	untilQueued(d, 1)
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) { // while the writer is still held
		t.Errorf("got %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	addItem(t, d, "after", 1)
}

// The end of a context in the middle of a function neither interrupts it nor its neighbours.
func TestCancelWhileRunning(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	crowdOK(t, d, 20, func(i int) {
		outer, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := d.Write(outer, func(ctx context.Context, q db.Querier) error {
			cancel()
			if ctx.Err() != nil {
				t.Error("the function's context ended with its caller's")
			}
			if i%2 == 0 { // the mistake of using the outer one must not break the transaction either
				ctx = outer
			}
			return insertItem(ctx, q, fmt.Sprint(i), i)
		})
		if (i%2 == 0) != errors.Is(err, context.Canceled) || i%2 == 1 && err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	})
	if got := count(t, d, "n % 2 = 1"); got != 10 || count(t, d, "true") != 10 {
		t.Errorf("%d good rows of %d", got, count(t, d, "true"))
	}
}

// lateContext is over for everybody but the first who asks: it ends between the Querier's look and the driver's.
type lateContext struct {
	context.Context
	asked bool
}

func (c *lateContext) Err() error {
	if c.asked {
		return context.Canceled
	}
	c.asked = true
	return nil
}

func TestTheDriverDoesNotSeeContextsEnd(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := d.Write(t.Context(), func(_ context.Context, q db.Querier) error {
		return insertItem(&lateContext{Context: ended}, q, "a", 1)
	})
	if err != nil || count(t, d, "true") != 1 {
		t.Errorf("the statement was interrupted: %v", err)
	}
}

func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	crowdOK(t, d, 40, func(i int) {
		addItem(t, d, fmt.Sprint(i), i)
		if got := count(t, d, "n = $1", i); got != 1 {
			t.Errorf("write %d was answered before it could be seen", i)
		}
	})
}

// The deferred key is checked by the commit, which fails for the whole group.
func TestFailedCommitIsToldToEverybody(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, set(`create table t_item (id text not null primary key, n bigint not null,
		parent text references t_item (id) deferrable initially deferred)`))
	err := crowd(t, d, 10, func(i int) {
		query := "insert into t_item (id, n) values ($1, $2)"
		if i == 3 {
			query = "insert into t_item (id, n, parent) values ($1, $2, 'none')"
		}
		if err := exec(t, d, query, fmt.Sprint(i), i); errs.From(err) == nil || errs.From(err).Code != "in_use" {
			t.Errorf("write %d: %v", i, err)
		}
	})
	wantCode(t, err, errs.Conflict, "in_use")
	if got := count(t, d, "true"); got != 0 {
		t.Errorf("%d rows of a group whose commit failed", got)
	}
	addItem(t, d, "after", 1)
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	t.Parallel()
	where := dbtest.Location(t, db.SQLite, items)
	d := reopen(t, where)
	release := hold(t, d)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { addItem(t, d, fmt.Sprint(i), i) })
	}
	untilQueued(d, 20)
	closed := make(chan error, 1)
	go func() { closed <- d.Close() }()
	for d.Ping(t.Context()) == nil { // until Close has begun
		runtime.Gosched()
	}
	if err := exec(t, d, "insert into t_item (id, n) values ('late', 99)"); !errors.Is(err, db.ErrClosed) {
		t.Errorf("a write after Close: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if got := count(t, reopen(t, where), "true"); got != 20 {
		t.Errorf("%d rows, want all that waited", got)
	}
}
