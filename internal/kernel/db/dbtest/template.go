package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
)

// epoch is when templates say they were migrated: a fixed instant, so that no test depends on the day it runs.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// templates are shared by all tests of the process: key → func() (T, error), run once.
var sqliteTemplates, postgresTemplates sync.Map

// templateKey names the content of sets.
func templateKey(t testing.TB, sets []db.MigrationSet) string {
	t.Helper()
	h := sha256.New()
	for _, set := range sets {
		fmt.Fprintf(h, "%q\n", set.Module)
		err := fs.WalkDir(set.FS, "migrations", func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			raw, err := fs.ReadFile(set.FS, path)
			fmt.Fprintf(h, "%q %q\n", path, raw)
			return err
		})
		if err != nil {
			t.Fatalf("read the migrations of %s: %v", set.Module, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func once[T any](m *sync.Map, key string, make func() (T, error)) (T, error) {
	v, _ := m.LoadOrStore(key, sync.OnceValues(make))
	return v.(func() (T, error))()
}

// copySQLite writes a copy of the template, kept in memory, into the test's folder.
func copySQLite(t testing.TB, key string, sets []db.MigrationSet) string {
	t.Helper()
	image, err := once(&sqliteTemplates, key, func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "tongban-template-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "template.db")
		if err := build(db.Options{Path: path}, sets); err != nil {
			return nil, err
		}
		return os.ReadFile(path) // whole: closing has folded the log into it
	})
	if err != nil {
		t.Fatalf("make the SQLite template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// copyPostgres has the server copy the template database.
func copyPostgres(t testing.TB, key string, sets []db.MigrationSet) string {
	t.Helper()
	name, err := once(&postgresTemplates, key, func() (string, error) { return postgresTemplate(key, sets) })
	if err != nil {
		t.Fatalf("make the PostgreSQL template (%s): %v", EnvPostgres, err)
	}
	copied := "tongban_test_" + hex.EncodeToString([]byte(ids.New()[24:]))
	if err := admin(fmt.Sprintf("create database %s template %s", copied, name)); err != nil {
		t.Fatalf("copy the PostgreSQL template: %v", err)
	}
	t.Cleanup(func() {
		if err := admin("drop database if exists " + copied + " with (force)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return databaseURL(copied)
}

// postgresTemplate makes the template under a name of this process and sweeps the ones of processes that are gone:
// a process has no moment after its last test in which to drop its own.
func postgresTemplate(key string, sets []db.MigrationSet) (string, error) {
	if err := sweep(); err != nil {
		return "", err
	}
	name := fmt.Sprintf("tongban_template_%d_%s", os.Getpid(), key)
	if err := admin("drop database if exists " + name); err != nil {
		return "", err
	}
	err := admin("create database " + name + " encoding 'UTF8' lc_collate 'C' lc_ctype 'C' template template0")
	if err != nil {
		return "", err
	}
	return name, build(db.Options{URL: databaseURL(name)}, sets)
}

// sweep drops the templates of processes that no longer run on this machine.
func sweep() error {
	pool, err := sql.Open("pgx", os.Getenv(EnvPostgres))
	if err != nil {
		return err
	}
	defer pool.Close()
	rows, err := pool.Query("select datname from pg_database where datname like 'tongban\\_template\\_%'")
	if err != nil {
		return err
	}
	defer rows.Close()
	var old []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		var pid int
		var key string
		if _, err := fmt.Sscanf(name, "tongban_template_%d_%s", &pid, &key); err == nil && !alive(pid) {
			old = append(old, name)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range old {
		if err := admin("drop database if exists " + name); err != nil {
			return err
		}
	}
	return nil
}

func alive(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return err == nil
}

func build(o db.Options, sets []db.MigrationSet) error {
	d, err := db.Open(context.Background(), o)
	if err != nil {
		return err
	}
	if err := d.Migrate(context.Background(), epoch, sets...); err != nil {
		d.Close()
		return err
	}
	return d.Close()
}

// adminMu lets one database be created or dropped at a time: copies of one template exclude each other.
var adminMu sync.Mutex

func admin(statement string) error {
	adminMu.Lock()
	defer adminMu.Unlock()
	pool, err := sql.Open("pgx", os.Getenv(EnvPostgres))
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = pool.Exec(statement)
	return err
}

// databaseURL is the address of another database of the test cluster.
func databaseURL(name string) string {
	u, err := url.Parse(os.Getenv(EnvPostgres))
	if err != nil {
		return "" // the first connection has proved that it parses
	}
	u.Path = "/" + name
	return u.String()
}
