package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
)

func TestOpenExplainsWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("this is a letter, not a database. ", 300)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		o    db.Options
		code string
		says string
	}{
		{"not a database", db.Options{Path: junk}, "db.not_a_database", junk},
		{"folder is a file", db.Options{Path: filepath.Join(junk, "x.db")}, "db.not_writable", junk},
		{"folder cannot be made", db.Options{Path: "/proc/tongban/x.db"}, "db.not_writable", "/proc/tongban"},
		{"folder cannot be written", db.Options{Path: "/proc/self/task/x.db"}, "db.not_writable", "/proc/self/task"},
		{"file is a folder", db.Options{Path: dir}, "db.not_writable", dir},
		{"no path", db.Options{}, "db.not_writable", "data folder"},
		{"no address", db.Options{URL: "postgres://u:geheim@h:port:1/x y"}, "db.bad_url", "postgres://user"},
		{"nobody listens", db.Options{URL: "postgres://u:geheim@127.0.0.1:1/tongban?sslmode=disable"}, "storage_down", "127.0.0.1:1"},
	} {
		d, err := db.Open(t.Context(), tc.o)
		if d != nil || err == nil {
			t.Fatalf("%s: opened", tc.name)
		}
		if got := errs.From(err); got.Code != tc.code || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want %s and %q", tc.name, err, tc.code, tc.says)
		}
	}
}

func TestOpenRefusesOtherCollationsAndPasswords(t *testing.T) {
	for _, engine := range dbtest.Engines(t) {
		if engine != db.Postgres {
			continue
		}
		admin, err := sql.Open("pgx", os.Getenv(dbtest.EnvPostgres))
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close()
		const name = "tongban_test_icu"
		for _, statement := range []string{"drop database if exists " + name,
			"create database " + name + " template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C'"} {
			if _, err := admin.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		defer admin.Exec("drop database " + name)
		where := dbtest.Location(t, engine)
		at, slash := strings.LastIndex(where.URL, "/"), strings.Index(where.URL, "?")
		_, err = db.Open(t.Context(), db.Options{URL: where.URL[:at+1] + name + where.URL[slash:]})
		wantCode(t, err, errs.Internal, "db.wrong_collation")
		if !strings.Contains(err.Error(), "lc_collate 'C'") {
			t.Errorf("%v does not say what to do", err)
		}
		_, err = db.Open(t.Context(), db.Options{URL: where.URL[:at+1] + "none" + where.URL[slash:]})
		wantCode(t, err, errs.Unavailable, "storage_down")
	}
}

func TestOpenMakesAPrivateFileInAnOddPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "数据 100%?a=b#c", "sub", "tongban.db")
	d := reopen(t, db.Options{Path: path})
	if err := migrate(t, d, items); err != nil {
		t.Fatal(err)
	}
	addItem(t, d, "a", 1)
	for _, name := range []string{path, path + "-wal", filepath.Dir(path)} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may use %s: %v", name, info.Mode())
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("Close left the log behind: %v", err)
	}
	if got := count(t, reopen(t, db.Options{Path: path}), "true"); got != 1 {
		t.Errorf("%d rows after opening again", got)
	}
}

func TestSQLiteIsDurable(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			var got string
			if err := q.QueryRowContext(ctx, "pragma "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s, %v; want %s", pragma, got, err, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	where := dbtest.Location(t, db.SQLite, items)
	d := reopen(t, where)
	mustExec(t, d, "insert into t_item (id, n, data) values ('a', 1, $1)", strings.Repeat("x", 100_000))
	if err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(where.Path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < 3*4096; i++ { // two pages of tables, behind the intact header and list of tables
		raw[i] ^= 0x5a
	}
	if err := os.WriteFile(where.Path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	wantCode(t, reopen(t, where).Check(t.Context()), errs.Internal, "db.damaged")
}

func TestCheckFindsDanglingKeys(t *testing.T) {
	t.Parallel()
	where := dbtest.Location(t, db.SQLite, items)
	raw, err := sql.Open("sqlite", where.Path) // without foreign_keys, as a careless tool opens it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec("insert into t_child (id, item_id, name) values ('c', 'none', 'x')"); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	err = reopen(t, where).Check(t.Context())
	wantCode(t, err, errs.Internal, "db.damaged")
	if !strings.Contains(err.Error(), "t_child") {
		t.Errorf("%v does not name the table", err)
	}
}

func TestSlowStatementsAreReportedWithoutArguments(t *testing.T) {
	for _, engine := range dbtest.Engines(t) {
		var log bytes.Buffer
		d := dbtest.OpenWith(t, engine, db.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), SlowAfter: time.Nanosecond}, items)
		mustExec(t, d, "/* t.add */ insert into t_item (id, n) values ($1, 1)", "secret-id")
		if got := log.String(); !strings.Contains(got, "statement=t.add") || !strings.Contains(got, "level=WARN") ||
			!strings.Contains(got, "took=") || strings.Contains(got, "secret-id") {
			t.Errorf("%s: log %s", engine, got)
		}
		log.Reset()
		quiet := dbtest.OpenWith(t, engine, db.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), SlowAfter: time.Hour}, items)
		mustExec(t, quiet, "/* t.add */ insert into t_item (id, n) values ($1, 1)", "secret-id")
		if log.Len() != 0 {
			t.Errorf("%s: log %s", engine, log.String())
		}
	}
}
