package dbtest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
)

// failing is a test that notes its failure instead of failing the run.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper()     {}
func (f *failing) Skip(...any) { f.said = "skipped" }
func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// outcome runs fn as a test of its own and returns what it failed with.
func outcome(t *testing.T, fn func(tb testing.TB)) string {
	t.Helper()
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(f)
	}()
	<-done
	return f.said
}

func TestMissingPostgresFails(t *testing.T) {
	t.Setenv(dbtest.EnvPostgres, "")
	t.Setenv(dbtest.EnvEngines, "sqlite,postgres")
	if said := outcome(t, func(tb testing.TB) { dbtest.Engines(tb) }); !strings.Contains(said, dbtest.EnvPostgres+" is empty") {
		t.Errorf("asked for and missing: %q", said)
	}
	t.Setenv(dbtest.EnvPostgres, "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	if said := outcome(t, func(tb testing.TB) { dbtest.Open(tb, db.Postgres) }); !strings.Contains(said, "make the PostgreSQL template") {
		t.Errorf("asked for and dead: %q", said)
	}
	t.Setenv(dbtest.EnvPostgres, "")
	t.Setenv(dbtest.EnvEngines, "")
	if engines := dbtest.Engines(t); len(engines) != 1 || engines[0] != db.SQLite {
		t.Errorf("not asked for: %v", engines)
	}
}

func TestDatabasesAreMigratedAndApart(t *testing.T) {
	set := db.MigrationSet{Module: "t", FS: fstest.MapFS{
		"migrations/0001_item.sql": {Data: []byte("create table t_item (id text not null primary key)")}}}
	for _, engine := range dbtest.Engines(t) {
		for range 2 { // the second is a copy of the same template, without the first one's row
			d := dbtest.Open(t, engine, set)
			err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
				_, err := q.ExecContext(ctx, "insert into t_item (id) values ('a')")
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", engine, err)
			}
			if pending, err := d.Pending(t.Context(), set); err != nil || len(pending) != 0 {
				t.Errorf("%s: pending %v, %v", engine, pending, err)
			}
		}
	}
}
