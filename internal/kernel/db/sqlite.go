package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const defaultSQLiteReaders = 4

// openSQLite opens the file with one writing connection and a read-only pool. The writer comes first: it makes
// the file and switches it to the write-ahead log, which a read-only connection can do neither of.
func (d *DB) openSQLite(ctx context.Context, o Options) error {
	d.engine = SQLite
	path, err := prepareFile(o.Path)
	if err != nil {
		return err
	}
	writer, err := openSQLitePool(path, 1, url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
			"cache_size(-16000)", "journal_size_limit(67108864)"},
		"_txlock": {"immediate"},
	})
	if err != nil {
		return err
	}
	conn, err := writer.Conn(ctx)
	if err == nil {
		// The first look at the pages; opening alone reads nothing.
		_, err = conn.ExecContext(ctx, "select count(*) from sqlite_schema")
	}
	if err != nil {
		return errors.Join(explainSQLite(path, err), writer.Close())
	}
	if o.ReadConns <= 0 {
		o.ReadConns = defaultSQLiteReaders
	}
	d.reads, err = openSQLitePool(path, o.ReadConns, url.Values{
		"mode":    {"ro"},
		"_pragma": {"query_only(1)", "busy_timeout(5000)", "cache_size(-16000)"},
	})
	if err != nil {
		return errors.Join(explainSQLite(path, err), writer.Close())
	}
	w, err := startWriter(writer, conn, &d.tap, &d.counts)
	if err != nil {
		return errors.Join(err, d.reads.Close(), writer.Close())
	}
	d.writes = w
	return nil
}

// prepareFile makes the folder and the file, both for this user alone, and returns the absolute path.
func prepareFile(path string) (string, error) {
	if path == "" {
		return "", errNotWritable.With("path", path).Because(errors.New("no database file was named; set the data folder"))
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", errNotWritable.With("path", path).Because(err)
	}
	refuse := func(err error) (string, error) {
		return "", errNotWritable.With("path", abs).Because(fmt.Errorf(
			"%w; the folder %s must exist and belong to the user that runs tongban (uid %d), with room on its disk",
			err, filepath.Dir(abs), os.Getuid()))
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return refuse(err)
	}
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return refuse(err)
	}
	if err := f.Close(); err != nil {
		return refuse(err)
	}
	// The log and its index are new files beside the database, so the file being writable is not enough.
	probe, err := os.CreateTemp(filepath.Dir(abs), ".tongban-probe-*")
	if err != nil {
		return refuse(err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return refuse(err)
	}
	return abs, nil
}

func openSQLitePool(path string, conns int, query url.Values) (*sql.DB, error) {
	// "file:" makes SQLite honour mode=ro; the URL escapes what a path may contain, such as ? and %.
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	pool := sql.OpenDB(cachingConnector{connector})
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

func explainSQLite(path string, err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return fmt.Errorf("open %s: %w", path, err)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return errNotDatabase.With("path", path).Because(fmt.Errorf(
			"%s is not a SQLite database or is damaged; keep it aside and restore the last backup: %w", path, err))
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return errNotWritable.With("path", path).Because(err)
	}
	return MapError(fmt.Errorf("open %s: %w", path, err))
}

// Check looks for damage: on SQLite the pages and the foreign keys of the whole file, on PostgreSQL indexes and
// constraints that the server itself marks as not valid. It reads everything and may take minutes.
func (d *DB) Check(ctx context.Context) error {
	query := "/* db.check */ select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where not i.indisvalid " +
		"union all select conname from pg_constraint where not convalidated limit 20"
	if d.engine == SQLite {
		query = "/* db.check */ select quick_check from pragma_quick_check where quick_check <> 'ok' " +
			"union all select 'foreign key of ' || \"table\" || ' row ' || coalesce(rowid, 0) || ' to ' || parent " +
			"from pragma_foreign_key_check limit 20"
	}
	var found []error
	rows, err := d.reads.QueryContext(ctx, query)
	if err != nil {
		return d.explainCheck(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		if err := rows.Scan(&what); err != nil {
			return fmt.Errorf("check the database: %w", err)
		}
		found = append(found, errors.New(what))
	}
	if err := rows.Err(); err != nil {
		return d.explainCheck(err)
	}
	if len(found) > 0 {
		return errDamaged.Because(errors.Join(found...))
	}
	return nil
}

func (d *DB) explainCheck(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB) {
		return errDamaged.Because(err)
	}
	return MapError(fmt.Errorf("check the database: %w", err))
}
