package db_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
)

// set makes a migration set of module t from texts, the first being 0001.
func set(texts ...string) db.MigrationSet { return namedSet("t", texts...) }

func namedSet(module string, texts ...string) db.MigrationSet {
	files := fstest.MapFS{}
	for i, text := range texts {
		files["migrations/"+string([]byte{'0', '0', '0', byte('1' + i)})+"_step.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return db.MigrationSet{Module: module, FS: files}
}

var items = set(`create table t_item (
	id text not null primary key,
	n bigint not null,
	at bigint,
	done boolean not null default false,
	raw bytea,
	data text,
	constraint t_item_n_positive check (n >= 0)
);
create unique index t_item_n on t_item (n);
create table t_child (
	id text not null primary key,
	item_id text not null references t_item (id),
	name text not null
);
create unique index t_child_name on t_child (lower(name));
`)

func exec(t *testing.T, d *db.DB, query string, args ...any) error {
	t.Helper()
	return d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
		_, err := q.ExecContext(ctx, query, args...)
		return err
	})
}

func mustExec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := exec(t, d, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func addItem(t *testing.T, d *db.DB, id string, n int) {
	t.Helper()
	mustExec(t, d, "insert into t_item (id, n) values ($1, $2)", id, n)
}

func insertItem(ctx context.Context, q db.Querier, id string, n int) error {
	_, err := q.ExecContext(ctx, "insert into t_item (id, n) values ($1, $2)", id, n)
	return err
}

func count(t *testing.T, d *db.DB, where string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Reader().QueryRowContext(t.Context(), "select count(*) from t_item where "+where, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantCode(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if got := errs.From(err); got == nil || got.Kind != kind || got.Code != code {
		t.Fatalf("got %v, want %v %s", err, kind, code)
	}
}

func TestReaderCannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := d.Reader().ExecContext(t.Context(), "insert into t_item (id, n) values ('a', 1)"); err == nil {
			t.Error("a write through the reader was accepted")
		}
		err := d.ReadTx(t.Context(), func(ctx context.Context, q db.Querier) error { return insertItem(ctx, q, "a", 1) })
		if err == nil || count(t, d, "true") != 0 {
			t.Errorf("a write through ReadTx: %v", err)
		}
	}, items)
}

func TestReadTxIsOneSnapshot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addItem(t, d, "a", 1)
		err := d.ReadTx(t.Context(), func(ctx context.Context, q db.Querier) error {
			var before, after int
			if err := q.QueryRowContext(ctx, "select count(*) from t_item").Scan(&before); err != nil {
				return err
			}
			addItem(t, d, "b", 2)
			if err := q.QueryRowContext(ctx, "select count(*) from t_item").Scan(&after); err != nil {
				return err
			}
			if before != 1 || after != 1 {
				t.Errorf("the snapshot held %d, then %d rows", before, after)
			}
			return nil
		})
		if err != nil || count(t, d, "true") != 2 {
			t.Fatalf("after the snapshot: %v, %d rows", err, count(t, d, "true"))
		}
	}, items)
}

func TestReadTxMapsErrors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.ReadTx(t.Context(), func(ctx context.Context, q db.Querier) error {
			var n int
			return q.QueryRowContext(ctx, "select n from t_item where id = 'none'").Scan(&n)
		})
		wantCode(t, err, errs.NotFound, "not_found")
		if !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("%v lost its cause", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.ReadTx(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled ReadTx: %v", err)
		}
	}, items)
}

func TestPingCheckClose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := errors.Join(d.Ping(t.Context()), d.Check(t.Context())); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		wantCode(t, d.Ping(t.Context()), errs.Unavailable, "storage_down")
		err := exec(t, d, "insert into t_item (id, n) values ('a', 1)")
		wantCode(t, err, errs.Unavailable, "storage_down")
		if !errors.Is(err, db.ErrClosed) {
			t.Errorf("a write after Close: %v", err)
		}
	}, items)
}

var testNow = time.Date(2026, 11, 21, 9, 30, 0, 123456789, time.FixedZone("CST", 8*3600))

// reopen opens a database that dbtest made; it is closed at the latest when the test ends.
func reopen(t *testing.T, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}
