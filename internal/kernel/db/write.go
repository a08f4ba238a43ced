package db

import (
	"context"
	"errors"
	"sync/atomic"

	"tongban/internal/kernel/errs"
)

// ErrNested is the cause of the Internal error that a Write inside a Write gets.
var ErrNested = errors.New("db: Write was called inside Write: a transaction never crosses modules; " +
	"publish an event, or call before or after the outer Write")

// ErrClosed is the cause of the Unavailable error that a Write gets after Close.
var ErrClosed = errors.New("db: the database is closed")

// Write runs fn in a write transaction, the only way to write. It returns nil only after a durable commit;
// any other answer means that nothing of fn was kept (save for a connection to PostgreSQL lost during the
// commit itself, where nobody can know). The answer is mapped by MapError.
//
// fn may run more than once: on PostgreSQL after a serialization failure, on SQLite when a neighbour broke the
// shared transaction. It must therefore have no effect outside q, except through AfterCommit, and it must not
// wait for the network or for another Write. A Write inside a Write is refused at once (ErrNested), because on
// SQLite it would wait for itself. A panic of fn rolls back and goes on in the caller.
//
// On both engines a statement that fails ends the transaction: later statements fail too, and the Write fails
// even when fn returns nil. Use "on conflict do nothing" where a duplicate is no failure.
//
// A ctx that ends while the call waits for its turn takes the call out of the queue. On SQLite fn then runs
// to its end whatever happens to ctx; on PostgreSQL the statements of fn observe it.
func (d *DB) Write(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	if InWrite(ctx) {
		return errs.Define(errs.Internal, errs.CodeInternal).Because(ErrNested)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var last *scope
	err := d.writes.write(ctx, func(ctx context.Context, q Querier) error {
		s := &scope{}
		defer s.over.Store(true)
		last = s
		return fn(context.WithValue(ctx, scopeKey{}, s), q)
	})
	if err != nil {
		return MapError(err)
	}
	for _, hook := range last.hooks {
		hook()
	}
	return nil
}

type scopeKey struct{}

// scope is one run of a Write's function, as its context knows it.
type scope struct {
	over  atomic.Bool
	hooks []func()
}

func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	if s == nil || s.over.Load() {
		return nil
	}
	return s
}

// InWrite reports whether ctx belongs to a Write that is running.
func InWrite(ctx context.Context) bool { return scopeOf(ctx) != nil }

// AfterCommit has fn run in the goroutine of the Write that ctx belongs to, after its durable commit; it is
// dropped when the Write fails. It is a hint, such as waking a dispatcher that would look anyway: a crash
// loses it, so what must happen belongs in the outbox. Outside a Write fn runs at once.
func AfterCommit(ctx context.Context, fn func()) {
	if s := scopeOf(ctx); s != nil {
		s.hooks = append(s.hooks, fn)
		return
	}
	fn()
}
