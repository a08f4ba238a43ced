package db_test

import (
	"context"
	"database/sql"
	"os"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
)

const (
	first  = "create table t_item (id text not null primary key, n bigint not null);"
	second = "-- more\ncreate table t_more (id text not null primary key);\ninsert into t_more (id) values ('a;b');\n"
)

func migrate(t *testing.T, d *db.DB, sets ...db.MigrationSet) error {
	t.Helper()
	return d.Migrate(t.Context(), testNow, sets...)
}

func TestMigrateForward(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		other := namedSet("u", "create table u_item (id text not null primary key, item_id text not null references t_item (id))")
		pending, err := d.Pending(t.Context(), set(first, second), other)
		if diff := cmp.Diff([]string{"t/0001_step.sql", "t/0002_step.sql", "u/0001_step.sql"}, pending); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
		if err := migrate(t, d, set(first)); err != nil {
			t.Fatal(err)
		}
		addItem(t, d, "kept", 1)
		if err := migrate(t, d, set(first, second), other); err != nil {
			t.Fatal(err)
		}
		pending, err = d.Pending(t.Context(), set(first, second), other)
		if err != nil || len(pending) != 0 || count(t, d, "true") != 1 {
			t.Errorf("pending %v, %v", pending, err)
		}
		before := d.Stats().Writes
		if err := migrate(t, d, set(first, second), other); err != nil || d.Stats().Writes != before {
			t.Errorf("with nothing to do it wrote: %v", err)
		}
		var at db.Time
		if err := d.Reader().QueryRowContext(t.Context(), "select applied_at from db_migration where module = 't' and number = 2").Scan(&at); err != nil || at != db.At(testNow) {
			t.Errorf("applied at %v, %v", at, err)
		}
	})
}

func TestMigrateRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, tc := range []struct {
			name   string
			sets   []db.MigrationSet
			code   string
			params map[string]any
		}{
			{"edited", []db.MigrationSet{set(first, second+" ")}, "db.migration_edited", map[string]any{"file": "t/0002_step.sql"}},
			{"newer number", []db.MigrationSet{set(first)}, "db.migration_newer", map[string]any{"module": "t", "number": 2}},
			{"newer module", nil, "db.migration_newer", map[string]any{"module": "t", "number": 1}},
			{"broken name", []db.MigrationSet{{Module: "t", FS: fstest.MapFS{"migrations/1.sql": {}}}}, "db.migration_name", map[string]any{"file": "t/1.sql"}},
			{"gap in the files", []db.MigrationSet{{Module: "t", FS: fstest.MapFS{"migrations/0002_x.sql": {}}}}, "db.migration_gap", map[string]any{"module": "t", "number": 1}},
			{"same number twice", []db.MigrationSet{{Module: "t", FS: fstest.MapFS{"migrations/0001_x.sql": {}, "migrations/0001_y.sql": {}}}},
				"db.migration_gap", map[string]any{"module": "t", "number": 2}},
			{"no folder", []db.MigrationSet{{Module: "t", FS: fstest.MapFS{}}}, "internal", nil},
			{"same module twice", []db.MigrationSet{set(first, second), set(first)}, "internal", nil},
		} {
			err := migrate(t, d, tc.sets...)
			got := errs.From(err)
			if got == nil || got.Code != tc.code || cmp.Diff(tc.params, got.Params) != "" {
				t.Errorf("%s: got %v %v, want %s %v", tc.name, err, got, tc.code, tc.params)
			}
			if _, err := d.Pending(t.Context(), tc.sets...); errs.From(err) == nil || errs.From(err).Code != tc.code {
				t.Errorf("%s: Pending says %v", tc.name, err)
			}
		}
		mustExec(t, d, "delete from db_migration where number = 1")
		wantCode(t, migrate(t, d, set(first, second)), errs.Internal, "db.migration_gap")
	}, set(first, second))
}

func TestBrokenMigrationLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		broken := set(first, "create table t_half (id text not null primary key);\ncreate nonsense;")
		err := migrate(t, d, broken)
		wantCode(t, err, errs.Internal, "db.migration_failed")
		if diff := cmp.Diff(map[string]any{"file": "t/0002_step.sql"}, errs.From(err).Params); diff != "" {
			t.Error(diff)
		}
		schema, err := d.Schema(t.Context())
		if _, half := schema["t_half"]; err != nil || half || len(schema) != 1 {
			t.Errorf("tables %v, %v", schema, err)
		}
		if err := migrate(t, d, set(first, second)); err != nil { // the corrected program
			t.Error(err)
		}
	})
}

func TestMigrateFromSeveralNodesAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines(t) {
		t.Run(string(engine), func(t *testing.T) {
			where := dbtest.Location(t, engine)
			var wg sync.WaitGroup
			for range 4 {
				d := reopen(t, where)
				wg.Go(func() {
					if err := migrate(t, d, set(first, second), namedSet("u", "create table u_item (id text not null primary key)")); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			var n int
			err := reopen(t, where).Reader().QueryRowContext(t.Context(), "select count(*) from t_more").Scan(&n)
			if err != nil || n != 1 {
				t.Errorf("the second file ran %d times, %v", n, err)
			}
		})
	}
}

// A node that waited for another's migration must look again: the other may have been newer.
func TestMigrateLooksAgainAfterWaiting(t *testing.T) {
	for _, engine := range dbtest.Engines(t) {
		if engine != db.Postgres {
			continue
		}
		d := dbtest.Open(t, engine, set(first))
		admin, err := sql.Open("pgx", os.Getenv(dbtest.EnvPostgres))
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close()
		answer := make(chan error, 1)
		err = d.ReadTx(t.Context(), func(ctx context.Context, q db.Querier) error { // as the other node
			if _, err := q.ExecContext(ctx, "select pg_advisory_lock(32773617270022510)"); err != nil {
				return err
			}
			go func() { answer <- d.Migrate(t.Context(), testNow, set(first, second)) }()
			for waiting := 0; waiting == 0 && len(answer) == 0; {
				const query = "select count(*) from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and not l.granted"
				if err := admin.QueryRow(query).Scan(&waiting); err != nil {
					return err
				}
			}
			mustExec(t, d, "insert into db_migration (module, number, name, checksum, applied_at) values ('t', 2, '0002_other.sql', '', 0)")
			_, err := q.ExecContext(ctx, "select pg_advisory_unlock(32773617270022510)")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, <-answer, errs.Internal, "db.migration_edited")
	}
}

func TestMigrationPairPerEngine(t *testing.T) {
	pair := db.MigrationSet{Module: "t", FS: fstest.MapFS{
		"migrations/0001_text.sqlite.sql":   {Data: []byte("create virtual table t_text using fts5 (body)")},
		"migrations/0001_text.postgres.sql": {Data: []byte("create table t_text (body tsvector); create index t_text_body on t_text using gin (body)")},
		"migrations/0002_more.sql":          {Data: []byte(first)},
	}}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var n int
		if err := d.Reader().QueryRowContext(t.Context(), "select count(*) from t_text").Scan(&n); err != nil {
			t.Error(err)
		}
		if err := migrate(t, d, pair); err != nil {
			t.Error(err)
		}
	}, pair)
}
