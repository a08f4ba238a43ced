package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

// Querier runs statements: the read-only pool, a snapshot or a write transaction. SQL is a static text with
// $1 placeholders that starts with its name as a comment, /* desk.ticketByID */.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tap watches statements and reports slow ones, never their arguments.
type tap struct {
	log       *slog.Logger
	slowAfter time.Duration
}

func (t *tap) watch(ctx context.Context, query string, start time.Time) {
	if took := time.Since(start); took > t.slowAfter {
		t.log.WarnContext(ctx, "slow statement", "statement", statementName(query), "took", took)
	}
}

// statementName returns what stands in the leading comment of query.
func statementName(query string) string {
	if name, _ := splitName(query); name != "" {
		return name
	}
	return "unnamed"
}

// splitName separates the leading comment of query from the statement.
func splitName(query string) (name, statement string) {
	query = strings.TrimSpace(query)
	if rest, ok := strings.CutPrefix(query, "/*"); ok {
		if name, statement, ok := strings.Cut(rest, "*/"); ok {
			return strings.TrimSpace(name), strings.TrimSpace(statement)
		}
	}
	return "", query
}

// isSelect reports whether query only reads for certain; "with" may end in an insert and counts as writing.
func isSelect(query string) bool {
	_, statement := splitName(query)
	return len(statement) > 6 && strings.EqualFold(statement[:6], "select")
}

// pool is a Querier that only watches.
type pool struct {
	q   Querier
	tap *tap
}

func (p pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	defer p.tap.watch(ctx, query, time.Now())
	return p.q.ExecContext(ctx, query, args...)
}

func (p pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	defer p.tap.watch(ctx, query, time.Now())
	return p.q.QueryContext(ctx, query, args...)
}

func (p pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	defer p.tap.watch(ctx, query, time.Now())
	return p.q.QueryRowContext(ctx, query, args...)
}

var errTxOver = errors.New("db: the transaction of this Querier is over")

// session is the Querier of one run of a Write's function.
type session struct {
	pool
	over atomic.Bool
	lost *bool // SQLite: whether the engine ended the transaction; nil on PostgreSQL

	// Only the goroutine of the run touches these.
	failed error       // of the first statement that failed
	wrote  bool        // a statement may have changed something
	opened []*sql.Rows // to be closed when the run forgets to
}

// end makes the session useless. Rows left open would keep SQLite's one writing connection reading for ever,
// and the log behind it growing.
func (s *session) end() {
	s.over.Store(true)
	for _, rows := range s.opened {
		rows.Close() // does nothing for the many that are closed; what it failed at, the run should have seen
	}
}

// admit returns the context to run a statement with, or why it may not run.
func (s *session) admit(ctx context.Context) (context.Context, error) {
	if s.over.Load() {
		return nil, errTxOver
	}
	if s.failed != nil {
		return nil, s.failed
	}
	if s.lost == nil {
		return ctx, nil
	}
	if *s.lost {
		return nil, errLost
	}
	if ctx.Done() == nil { // what fn was given; the rest is for a fn that uses another
		return ctx, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return context.WithoutCancel(ctx), nil
}

func (s *session) note(err error) {
	if err != nil && s.failed == nil {
		s.failed = err
	}
}

// verdict returns the outcome of a run that returned err.
func (s *session) verdict(err error) error {
	if err == nil {
		return s.failed
	}
	return err
}

func (s *session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, err := s.admit(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.pool.ExecContext(ctx, query, args...)
	// A single statement that fails leaves nothing behind, the statements of a script before it do.
	s.wrote = s.wrote || err == nil || strings.Contains(strings.TrimRight(query, "; \n\t"), ";")
	s.note(err)
	return r, err
}

func (s *session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := s.admit(ctx)
	if err != nil {
		return nil, err
	}
	s.wrote = s.wrote || !isSelect(query)
	rows, err := s.pool.QueryContext(ctx, query, args...)
	if err != nil {
		s.note(err)
		return nil, err
	}
	s.opened = append(s.opened, rows)
	return rows, nil
}

func (s *session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	admitted, err := s.admit(ctx)
	if err != nil {
		return failedRow(err)
	}
	s.wrote = s.wrote || !isSelect(query)
	row := s.pool.QueryRowContext(admitted, query, args...)
	s.note(row.Err())
	return row
}

// failedRow returns a row that answers err. database/sql keeps sql.Row closed to others, so a pool that cannot
// connect has to make it.
func failedRow(err error) *sql.Row {
	d := sql.OpenDB(refusal{err})
	defer d.Close()
	return d.QueryRowContext(context.Background(), "")
}

type refusal struct{ err error }

func (r refusal) Connect(context.Context) (driver.Conn, error) { return nil, r.err }
func (r refusal) Driver() driver.Driver                        { return nil }
