package dbtest

import (
	"context"
	"os"
	"strings"
	"testing"

	"tongban/internal/kernel/db"
)

// The environment variables.
const (
	EnvPostgres = "TONGBAN_TEST_POSTGRES" // postgres://… of a superuser
	EnvEngines  = "TONGBAN_TEST_ENGINES"  // engines that must be tested, such as "sqlite,postgres"
)

// Each runs fn as the subtests "sqlite" and "postgres", on an empty database with sets applied.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB), sets ...db.MigrationSet) {
	t.Helper()
	for _, engine := range Engines(t) {
		t.Run(string(engine), func(t *testing.T) { fn(t, Open(t, engine, sets...)) })
	}
}

// Engines returns the engines to test.
func Engines(t testing.TB) []db.Engine {
	t.Helper()
	if os.Getenv(EnvPostgres) != "" {
		return []db.Engine{db.SQLite, db.Postgres}
	}
	if strings.Contains(os.Getenv(EnvEngines), string(db.Postgres)) {
		t.Fatalf("%s asks for postgres, but %s is empty", EnvEngines, EnvPostgres)
	}
	return []db.Engine{db.SQLite}
}

// Open returns an empty database of engine with sets applied. It is closed and removed when the test ends.
func Open(t testing.TB, engine db.Engine, sets ...db.MigrationSet) *db.DB {
	t.Helper()
	return OpenWith(t, engine, db.Options{}, sets...)
}

// OpenWith is Open with options; Path and URL are set by it.
func OpenWith(t testing.TB, engine db.Engine, o db.Options, sets ...db.MigrationSet) *db.DB {
	t.Helper()
	where := Location(t, engine, sets...)
	o.Path, o.URL = where.Path, where.URL
	d, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return d
}

// Location makes an empty database of engine with sets applied and returns where it is, for tests that open it
// themselves, several times or through the whole application. It is removed when the test ends.
func Location(t testing.TB, engine db.Engine, sets ...db.MigrationSet) db.Options {
	t.Helper()
	key := templateKey(t, sets)
	if engine == db.SQLite {
		return db.Options{Path: copySQLite(t, key, sets)}
	}
	return db.Options{URL: copyPostgres(t, key, sets)}
}
