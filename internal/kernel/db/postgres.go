package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	defaultPostgresReaders = 8
	// postgresWriters bounds the concurrent write transactions of one node; with the readers it leaves room for
	// four nodes within PostgreSQL's default of 100 connections.
	postgresWriters = 12
	connectTimeout  = 5 * time.Second
)

// openPostgres opens a pool for writing and one whose sessions the server itself keeps from writing.
func (d *DB) openPostgres(ctx context.Context, o Options) error {
	d.engine = Postgres
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		// pgx masks a password only where it can find one, so its text is not passed on.
		return errBadURL.Because(errors.New("the database address cannot be read; it looks like " +
			"postgres://user:password@host:5432/name?sslmode=require, with special characters of the password percent-encoded"))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if o.ReadConns <= 0 {
		o.ReadConns = defaultPostgresReaders
	}
	o.ReadConns = max(o.ReadConns, 2) // Migrate holds one for its lock and reads with another
	config.RuntimeParams["timezone"] = "UTC"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "tongban"
	}
	writers := openPostgresPool(config, postgresWriters)
	readConfig := config.Copy()
	readConfig.RuntimeParams["default_transaction_read_only"] = "on"
	d.reads = openPostgresPool(readConfig, o.ReadConns)
	if err := checkPostgres(ctx, d.reads, config); err != nil {
		return errors.Join(err, writers.Close(), d.reads.Close())
	}
	d.writes = &postgres{pool: writers, tap: &d.tap, counts: &d.counts}
	return nil
}

func openPostgresPool(config *pgx.ConnConfig, conns int) *sql.DB {
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool
}

// checkPostgres connects and refuses a database that would sort text otherwise than SQLite and Go do: pages and
// unique orders would differ between the engines. It asks how text sorts, not what the collation is
// called, since providers and names differ between versions.
func checkPostgres(ctx context.Context, pool *sql.DB, config *pgx.ConnConfig) error {
	const query = "/* db.collation */ select 'B' < 'a' and 'z' < 'é', pg_encoding_to_char(encoding), datcollate " +
		"from pg_database where datname = current_database()"
	var bytewise bool
	var encoding, collation string
	if err := pool.QueryRowContext(ctx, query).Scan(&bytewise, &encoding, &collation); err != nil {
		text := err.Error()
		if config.Password != "" {
			text = strings.ReplaceAll(text, config.Password, "***")
		}
		return ErrStorageDown.Because(fmt.Errorf(
			"PostgreSQL at %s:%d, database %q, user %q cannot be used; check that it runs and lets this user in: %s",
			config.Host, config.Port, config.Database, config.User, text))
	}
	if !bytewise || encoding != "UTF8" {
		return errCollation.With("collation", collation).Because(fmt.Errorf(
			"database %q has collation %s and encoding %s; create one with: create database %q encoding 'UTF8' lc_collate 'C' lc_ctype 'C' template template0",
			config.Database, collation, encoding, config.Database))
	}
	return nil
}

// postgres runs writes as serializable transactions, each on its own connection.
type postgres struct {
	pool   *sql.DB
	tap    *tap
	counts *counters
	door   door
}

func (p *postgres) ping(ctx context.Context) error {
	if p.door.isShut() {
		return ErrClosed
	}
	return p.pool.PingContext(ctx)
}

func (p *postgres) finish()      { p.door.shut() }
func (p *postgres) close() error { return p.pool.Close() }

// Serialization failures are the price of the isolation and mean "try again"; with these bounds a caller in the
// worst crowd gives up after about three seconds.
const (
	maxTries   = 20
	firstPause = 2 * time.Millisecond
	maxPause   = 250 * time.Millisecond
)

func (p *postgres) write(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	if !p.door.enter() {
		return ErrClosed
	}
	defer p.door.leave()
	p.counts.writes.Add(1)
	pause := firstPause
	for try := 1; ; try++ {
		again, err := p.try(ctx, fn)
		if err == nil || !again || try == maxTries {
			return err
		}
		p.counts.retries.Add(1)
		select {
		case <-time.After(pause/2 + rand.N(pause)): // jitter, or those who collided collide again
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, maxPause)
	}
}

// try runs fn once; again says that the failure was a collision that a new run may escape.
func (p *postgres) try(ctx context.Context, fn func(ctx context.Context, q Querier) error) (again bool, err error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	// The end of ctx must not cut a commit in half, where nobody would know how it ended; the statements of fn
	// observe it themselves.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing; it also runs when fn panics
	s := &session{pool: pool{q: tx, tap: p.tap}}
	defer s.end()
	if err := s.verdict(fn(ctx, s)); err != nil {
		return isCollision(err) || isCollision(s.failed), err
	}
	start := time.Now()
	err = tx.Commit()
	p.tap.watch(ctx, "/* db.commit */", start)
	p.counts.took(1)
	if err != nil {
		return isCollision(err), fmt.Errorf("commit: %w", err)
	}
	return false, nil
}

func (p *postgres) acquire(ctx context.Context) (*sql.Conn, error) {
	start := time.Now()
	p.counts.queued.Add(1)
	defer func() {
		p.counts.queued.Add(-1)
		p.counts.waited.Add(int64(time.Since(start)))
	}()
	return p.pool.Conn(ctx)
}

// isCollision reports a serialization failure or a deadlock.
func isCollision(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}
