package db

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Engine names a database engine.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Options say which database to open.
type Options struct {
	Path      string        // the SQLite file; its folder is made when it does not exist
	URL       string        // postgres://user:password@host:port/name; wins over Path
	ReadConns int           // connections of the read-only pool; 0 means 4 on SQLite, 8 on PostgreSQL
	Log       *slog.Logger  // where slow statements are reported; nil discards them
	SlowAfter time.Duration // a statement that takes longer is reported; 0 means 200 ms
}

const defaultSlowAfter = 200 * time.Millisecond

// DB is one database: a pool for reading and the one way to write. It is safe for concurrent use.
type DB struct {
	engine Engine
	reads  *sql.DB
	writes writes
	tap    tap
	counts counters

	closing  sync.Once
	closeErr error
}

// writes is an engine's way to run write transactions.
type writes interface {
	// write runs fn in a transaction and returns nil only after a durable commit. fn may run more than once.
	write(ctx context.Context, fn func(ctx context.Context, q Querier) error) error
	ping(ctx context.Context) error
	// finish refuses later writes and waits for those that were accepted.
	finish()
	close() error
}

// Open opens the database and proves that it can be used. The errors are for the operator: they say what is
// wrong with the file, its folder or the server and what to do, and never contain the password.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SlowAfter <= 0 {
		o.SlowAfter = defaultSlowAfter
	}
	d := &DB{tap: tap{log: o.Log, slowAfter: o.SlowAfter}}
	open := d.openSQLite
	if o.URL != "" {
		open = d.openPostgres
	}
	if err := open(ctx, o); err != nil {
		return nil, err
	}
	return d, nil
}

// Engine returns the engine behind d, for the few places that cannot be written once for both.
func (d *DB) Engine() Engine { return d.engine }

// Reader returns the read-only pool. Each statement sees the last committed state; a write through it fails.
// Several statements that must agree with each other belong in ReadTx.
func (d *DB) Reader() Querier { return pool{q: d.reads, tap: &d.tap} }

// ReadTx runs fn on one consistent, read-only snapshot. What fn returns is returned, mapped by MapError.
func (d *DB) ReadTx(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	opts := &sql.TxOptions{ReadOnly: true}
	if d.engine == Postgres {
		opts.Isolation = sql.LevelRepeatableRead // SQLite has snapshots only and refuses to be asked
	}
	tx, err := d.reads.BeginTx(ctx, opts)
	if err != nil {
		return MapError(err)
	}
	defer tx.Rollback() // nothing to commit; the error of ending a reading transaction helps nobody
	return MapError(fn(ctx, pool{q: tx, tap: &d.tap}))
}

// Ping reports whether the database answers, for readiness checks.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.writes.ping(ctx); err != nil {
		return MapError(err)
	}
	var one int
	return MapError(d.reads.QueryRowContext(ctx, "select 1").Scan(&one))
}

// Close finishes the writes that were accepted, refuses later ones and closes the database. Closing again does nothing.
func (d *DB) Close() error {
	d.closing.Do(func() {
		d.writes.finish()
		// The readers go first: the last connection to leave a SQLite file folds the log back into it, which a
		// read-only one cannot do.
		d.closeErr = errors.Join(d.reads.Close(), d.writes.close())
	})
	return d.closeErr
}
