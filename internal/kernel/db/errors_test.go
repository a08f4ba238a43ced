package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
)

func TestConstraintErrors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addItem(t, d, "a", 1)
		mustExec(t, d, "insert into t_child (id, item_id, name) values ('c', 'a', 'Name')")
		for _, tc := range []struct {
			name, query string
			kind        errs.Kind
			code        string
			constraint  string
		}{
			{"primary key", "insert into t_item (id, n) values ('a', 2)", errs.Conflict, "duplicate", "t_item.id"},
			{"unique index", "insert into t_item (id, n) values ('b', 1)", errs.Conflict, "duplicate", "t_item.n"},
			{"expression index", "insert into t_child (id, item_id, name) values ('d', 'a', 'NAME')", errs.Conflict, "duplicate", "t_child_name"},
			{"check", "insert into t_item (id, n) values ('b', -1)", errs.Invalid, "rejected_by_rule", "t_item_n_positive"},
			{"foreign key", "delete from t_item where id = 'a'", errs.Conflict, "in_use", "?"},
			{"dangling key", "insert into t_child (id, item_id, name) values ('d', 'none', 'x')", errs.Conflict, "in_use", "?"},
			{"not null", "insert into t_item (id, n) values ('b', null)", errs.Internal, "internal", "?"},
			{"syntax", "insert nothing", errs.Internal, "internal", ""},
		} {
			err := exec(t, d, tc.query)
			got := errs.From(err)
			if got == nil || got.Kind != tc.kind || got.Code != tc.code {
				t.Errorf("%s: got %v, want %s", tc.name, err, tc.code)
			}
			if c := db.Constraint(fmt.Errorf("wrapped: %w", err)); tc.constraint != "?" && c != tc.constraint {
				t.Errorf("%s: Constraint = %q, want %q", tc.name, c, tc.constraint)
			}
		}
	}, items)
}

// What no test can provoke from a real server in time is made up from the codes the servers document.
func TestMapErrorByCode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		code string
	}{
		{&pgconn.PgError{Code: "53100"}, "storage_full"},
		{&pgconn.PgError{Code: "57P01"}, "storage_down"},
		{&pgconn.PgError{Code: "57P03"}, "storage_down"},
		{&pgconn.PgError{Code: "08006"}, "storage_down"},
		{&pgconn.PgError{Code: "40001"}, "busy"},
		{&pgconn.PgError{Code: "40P01"}, "busy"},
		{&pgconn.PgError{Code: "55P03"}, "busy"},
		{&pgconn.PgError{Code: "42601"}, "internal"},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, "storage_down"},
		{io.ErrUnexpectedEOF, "storage_down"},
		{context.DeadlineExceeded, "timeout"},
		{errors.New("other"), "internal"},
		{errs.Define(errs.Denied, "x.y").Because(&pgconn.PgError{Code: "23505"}), "x.y"},
	} {
		if got := errs.From(db.MapError(fmt.Errorf("wrapped: %w", tc.err))); got.Code != tc.code {
			t.Errorf("%v: got %s, want %s", tc.err, got.Code, tc.code)
		}
	}
	if db.MapError(nil) != nil || db.Constraint(nil) != "" || db.Constraint(io.EOF) != "" {
		t.Error("no error became one")
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	addItem(t, d, "before", 1)
	err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
		if _, err := q.ExecContext(ctx, "pragma max_page_count = 1"); err != nil { // SQLite takes the present size
			return err
		}
		_, err := q.ExecContext(ctx, "insert into t_item (id, n, data) values ('big', 2, $1)", strings.Repeat("x", 1<<20))
		return err
	})
	wantCode(t, err, errs.Unavailable, "storage_full")
	mustExec(t, d, "pragma max_page_count = 1000000")
	addItem(t, d, "after", 3)
	if got := count(t, d, "id in ('before', 'after')"); got != 2 || count(t, d, "true") != 2 {
		t.Errorf("%d rows are left", count(t, d, "true"))
	}
}

func TestConnectionLost(t *testing.T) {
	for _, engine := range dbtest.Engines(t) {
		if engine != db.Postgres {
			continue
		}
		d := dbtest.Open(t, engine, items)
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			_, err := q.ExecContext(ctx, "select pg_terminate_backend(pg_backend_pid())")
			return err
		})
		wantCode(t, err, errs.Unavailable, "storage_down")
		addItem(t, d, "after", 1) // on a new connection
	}
}

func TestFailedStatementEndsTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addItem(t, d, "a", 1)
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			if err := insertItem(ctx, q, "b", 2); err != nil {
				return err
			}
			if err := insertItem(ctx, q, "a", 3); err == nil {
				t.Error("a duplicate was accepted")
			}
			if err := insertItem(ctx, q, "c", 4); err == nil {
				t.Error("the transaction went on after a failure")
			}
			return nil
		})
		wantCode(t, err, errs.Conflict, "duplicate")
		if got := count(t, d, "true"); got != 1 {
			t.Errorf("%d rows, want the first alone", got)
		}
	}, items)
}
