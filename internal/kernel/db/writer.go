package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
)

// maxGroup bounds the writes that share a commit, so that the first of them does not wait forever.
const maxGroup = 256

// writer runs all writes of a SQLite database on its one connection. Its goroutine takes whoever waits into one
// transaction, commits once and then answers everybody. Nobody waits for company: a group is whoever arrived
// while the last commit was on its way to the disk. DESIGN.md says what was tried and measured.
//
// A function that fails before it wrote has nothing to undo. When one fails after it wrote, the group starts over
// without it, now with a savepoint for each function, so that later failures undo only themselves.
//
// The functions run in the writer's goroutine. The end of a statement's context is kept from the driver: an
// interrupted statement makes SQLite roll back the whole transaction, and with it the neighbours.
type writer struct {
	pool   *sql.DB
	conn   *sql.Conn
	tap    *tap
	counts *counters

	queue   chan *call
	stopped chan struct{} // closed when the goroutine has ended

	// Only the goroutine touches these.
	group      []*call // of the current transaction, not answered yet
	crowded    bool    // the last group had more than one call
	guarded    bool    // the functions of this group run within savepoints
	lost       bool    // the engine has rolled the transaction back
	committing bool    // it is the writer that commits, not a function

	door door
}

// call is one Write.
type call struct {
	ctx    context.Context
	fn     func(ctx context.Context, q Querier) error
	since  time.Time
	state  atomic.Int32
	reply  chan reply // holds one, so that the writer never waits for its caller
	err    error      // of the last run; only the writer's goroutine touches it
	dirty  bool       // the last run failed and may have left something in the transaction
	broken bool       // the function panicked or left by Goexit, and its caller knows
}

const (
	waiting   int32 = iota
	claimed         // by the writer: the caller must wait for the answer
	abandoned       // by the caller: the writer must skip it
)

// reply ends a call.
type reply struct {
	err      error
	panicked any  // not nil: what the function panicked with
	exited   bool // the function called runtime.Goexit, as a test's FailNow does
}

func startWriter(pool *sql.DB, conn *sql.Conn, t *tap, c *counters) (*writer, error) {
	w := &writer{pool: pool, conn: conn, tap: t, counts: c,
		queue: make(chan *call, maxGroup), stopped: make(chan struct{})}
	if err := conn.Raw(w.hook); err != nil {
		return nil, err
	}
	go w.loop()
	return w, nil
}

// hook has the engine tell when a transaction ends. Some failures, such as a full disk, end it in the middle of a
// function, and whatever ran after that would be committed statement by statement. A function that
// says "commit" itself is turned back, for it would commit its neighbours.
func (w *writer) hook(driverConn any) error {
	c, ok := driverConn.(*cachingConn)
	if !ok {
		return fmt.Errorf("db: the writer's connection is a %T", driverConn)
	}
	hooks, ok := c.sqliteConn.(sqlite.HookRegisterer)
	if !ok {
		return fmt.Errorf("db: the SQLite driver's %T has no hooks", c.sqliteConn)
	}
	hooks.RegisterRollbackHook(func() { w.lost = true })
	hooks.RegisterCommitHook(func() int32 {
		if w.committing {
			return 0
		}
		return 1
	})
	return nil
}

func (w *writer) write(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	if !w.door.enter() {
		return ErrClosed
	}
	defer w.door.leave()
	c := &call{ctx: ctx, fn: fn, since: time.Now(), reply: make(chan reply, 1)}
	w.counts.queued.Add(1)
	select {
	case w.queue <- c:
	case <-ctx.Done():
		w.counts.queued.Add(-1)
		return ctx.Err()
	}
	select {
	case r := <-c.reply:
		return r.deliver()
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
		r := <-c.reply
		return r.deliver()
	}
}

// deliver returns in the caller's goroutine what the function did in the writer's, also a panic.
func (r reply) deliver() error {
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.exited {
		runtime.Goexit()
	}
	return r.err
}

func (w *writer) ping(context.Context) error {
	if w.door.isShut() {
		return ErrClosed
	}
	return nil
}

func (w *writer) finish() { w.door.shut() }

func (w *writer) close() error {
	close(w.queue)
	<-w.stopped
	return errors.Join(w.conn.Close(), w.pool.Close())
}

func (w *writer) loop() {
	ended := false
	defer func() {
		if !ended {
			go w.resume() // a function left by Goexit and took this goroutine with it
			return
		}
		close(w.stopped)
	}()
	for c := range w.queue {
		if !w.claim(c) {
			continue
		}
		if err := w.begin(); err != nil {
			c.reply <- reply{err: err}
			continue
		}
		w.fill(c)
	}
	ended = true
}

// resume goes on after a goroutine was lost in the middle of a group.
func (w *writer) resume() {
	w.runApart()
	w.loop()
}

func (w *writer) begin() error {
	err := w.exec("begin immediate")
	if err != nil {
		w.abort() // were a transaction left open by a failed rollback, no later begin could succeed
		return fmt.Errorf("begin: %w", err)
	}
	w.lost = false
	return nil
}

// fill runs c and everybody else who waits, ends the transaction and answers.
func (w *writer) fill(c *call) {
	w.guarded = false
	for ; c != nil; c = w.next() {
		w.group = append(w.group, c)
		if w.join(c); w.lost {
			w.runApart()
			return
		}
	}
	w.crowded = len(w.group) > 1
	w.counts.took(len(w.group))
	err := w.commit()
	for _, c := range w.group {
		c.answer(err)
	}
	clear(w.group) // the array lives on; what the calls hold on to should not
	w.group = w.group[:0]
}

// join runs c, the last of the group, and sees to it that the transaction holds the work of those who succeeded and
// nothing else, unless it is lost.
func (w *writer) join(c *call) {
	if w.guarded {
		w.runGuarded(c)
		return
	}
	if w.run(c); !c.dirty || w.lost {
		return
	}
	w.abort()
	w.guarded = true
	if w.begin() != nil {
		return // still lost since abort
	}
	for _, c := range w.group {
		if c.err == nil {
			w.counts.retries.Add(1)
			if w.runGuarded(c); w.lost {
				return
			}
		}
	}
}

// next claims the next waiting call, or returns nil when there is none or the group is full.
func (w *writer) next() *call {
	for yielded := false; len(w.group) < maxGroup; {
		select {
		case c, open := <-w.queue:
			if !open {
				return nil
			}
			if w.claim(c) {
				return c
			}
		default:
			if yielded || len(w.group) == 1 && !w.crowded {
				return nil
			}
			// In a crowd, callers that are ready to run but have no processor yet get theirs before the commit
			// takes it. A solitary caller is spared that: yielding to nobody costs it a tenth of its time.
			runtime.Gosched()
			yielded = true
		}
	}
	return nil
}

// claim takes a call out of the queue; false means that its caller is gone or its time is up.
func (w *writer) claim(c *call) bool {
	w.counts.queued.Add(-1)
	w.counts.waited.Add(int64(time.Since(c.since)))
	if !c.state.CompareAndSwap(waiting, claimed) {
		return false
	}
	if err := c.ctx.Err(); err != nil {
		c.reply <- reply{err: err}
		return false
	}
	w.counts.writes.Add(1)
	return true
}

// runGuarded runs c within a savepoint.
func (w *writer) runGuarded(c *call) {
	ok := w.exec("savepoint w") == nil
	if ok {
		w.run(c)
	}
	if ok && c.err != nil {
		ok = w.exec("rollback to w") == nil
	}
	if !ok || w.exec("release w") != nil {
		w.lost = true
	}
}

var (
	errBroken = errors.New("db: the function did not return")
	errLost   = errors.New("db: the transaction was ended under way")
)

// run runs the function of c and keeps its error. A panic is the caller's, not the writer's, to die of.
func (w *writer) run(c *call) {
	s := &session{pool: pool{q: w.conn, tap: w.tap}, lost: &w.lost}
	c.err, c.broken = errBroken, true
	defer func() {
		s.end()
		c.dirty = c.err != nil && s.wrote
		if !c.broken {
			return
		}
		p := recover()
		if p != nil {
			w.tap.log.Error("panic in a write transaction", "stack", string(debug.Stack()))
		}
		c.reply <- reply{panicked: p, exited: p == nil}
	}()
	c.err = s.verdict(c.fn(context.WithoutCancel(c.ctx), s))
	c.broken = false
}

// commit makes the group durable; a group in which everybody failed is only rolled back.
func (w *writer) commit() error {
	for _, c := range w.group {
		if c.err == nil {
			return w.commitNow()
		}
	}
	return w.exec("rollback")
}

func (w *writer) commitNow() error {
	w.committing = true
	err := w.exec("/* db.commit */ commit")
	w.committing = false
	if err != nil {
		w.abort()
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// abort leaves the transaction, if there still is one.
func (w *writer) abort() {
	_ = w.exec("rollback") // fails where the engine has rolled back already, which is what is wanted
	w.lost = true
}

// answer tells the caller its own failure, or how the commit ended.
func (c *call) answer(commit error) {
	switch {
	case c.broken: // it knows
	case c.err != nil:
		c.reply <- reply{err: c.err}
	default:
		c.reply <- reply{err: commit}
	}
}

// runApart runs the calls of a broken group again, each in a transaction of its own, so that the one who broke it
// hurts nobody else. It takes each call out of the group first, so that resume can go on with the rest.
func (w *writer) runApart() {
	w.abort()
	for len(w.group) > 0 {
		c := w.group[0]
		w.group = w.group[1:]
		if c.broken {
			continue
		}
		w.counts.retries.Add(1)
		w.counts.took(1)
		c.answer(w.runAlone(c))
	}
	w.group = nil
}

func (w *writer) runAlone(c *call) error {
	if c.err = w.begin(); c.err != nil {
		return nil
	}
	w.run(c)
	if c.err == nil && !w.lost {
		return w.commitNow()
	}
	if w.abort(); c.err == nil {
		c.err = errLost
	}
	return nil
}

func (w *writer) exec(text string) error {
	defer w.tap.watch(context.Background(), text, time.Now())
	_, err := w.conn.ExecContext(context.Background(), text)
	return err
}
