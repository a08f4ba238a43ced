package db

import (
	"context"
	"fmt"
	"time"

	"tongban/internal/kernel/errs"
)

// What can be wrong with migrations; each names the module and the file or number in its parameters and cause.
var (
	errMigrationName   = errs.Define(errs.Internal, "db.migration_name")
	errMigrationGap    = errs.Define(errs.Internal, "db.migration_gap")
	errMigrationEdited = errs.Define(errs.Internal, "db.migration_edited")
	errMigrationNewer  = errs.Define(errs.Internal, "db.migration_newer")
	errMigrationFailed = errs.Define(errs.Internal, "db.migration_failed")
)

// Migrate brings the database up to the program: it runs what is missing, set by set in the order given, each file
// in one transaction together with its record. When nothing is missing it costs one query. It refuses, before
// anything runs, a database that a newer program has migrated, a recorded file that was edited since, and
// gaps in the numbers. Several nodes may start at once; one migrates and the others wait.
func (d *DB) Migrate(ctx context.Context, now time.Time, sets ...MigrationSet) error {
	missing, err := d.missing(ctx, sets)
	if err != nil || len(missing) == 0 {
		return err
	}
	release, err := d.lockMigrations(ctx)
	if err != nil {
		return fmt.Errorf("wait for the other node's migration: %w", MapError(err))
	}
	defer release()
	if missing, err = d.missing(ctx, sets); err != nil {
		return err
	}
	if err := d.Write(ctx, createMigrationTable); err != nil {
		return fmt.Errorf("create db_migration: %w", err)
	}
	for _, m := range missing {
		if err := d.apply(ctx, m, now); err != nil {
			return err
		}
	}
	return nil
}

// Pending lists what Migrate would run, as module/file, with the same refusals.
func (d *DB) Pending(ctx context.Context, sets ...MigrationSet) ([]string, error) {
	missing, err := d.missing(ctx, sets)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(missing))
	for i, m := range missing {
		names[i] = m.String()
	}
	return names, nil
}

func createMigrationTable(ctx context.Context, q Querier) error {
	_, err := q.ExecContext(ctx, `/* db.migrationTable */ create table if not exists db_migration (
		module text not null,
		number bigint not null,
		name text not null,
		checksum text not null,
		applied_at bigint not null,
		primary key (module, number)
	)`)
	return err
}

// apply runs one migration unless it is recorded by now: two handles on one SQLite file have no common lock but the
// write transaction itself.
func (d *DB) apply(ctx context.Context, m migration, now time.Time) error {
	err := d.Write(ctx, func(ctx context.Context, q Querier) error {
		var recorded int
		err := q.QueryRowContext(ctx, "/* db.migrationRecorded */ select count(*) from db_migration where module = $1 and number = $2",
			m.module, m.number).Scan(&recorded)
		if err != nil || recorded > 0 {
			return err
		}
		if _, err := q.ExecContext(ctx, m.text); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, "/* db.recordMigration */ insert into db_migration (module, number, name, checksum, applied_at) values ($1, $2, $3, $4, $5)",
			m.module, m.number, m.name, m.checksum, At(now))
		return err
	})
	if err != nil {
		return errMigrationFailed.With("file", m.String()).Because(fmt.Errorf("%s, of which nothing was kept: %w", m, err))
	}
	return nil
}

// missing compares the records with the files.
func (d *DB) missing(ctx context.Context, sets []MigrationSet) ([]migration, error) {
	files, err := readSets(d.engine, sets)
	if err != nil {
		return nil, err
	}
	records, err := d.recorded(ctx)
	if err != nil {
		return nil, fmt.Errorf("read db_migration: %w", MapError(err))
	}
	done := make(map[string]int, len(sets)) // module → how many of its files are applied
	for _, r := range records {
		if err := compare(r, files[r.module], done[r.module]); err != nil {
			return nil, err
		}
		done[r.module]++
	}
	var missing []migration
	for _, set := range sets {
		missing = append(missing, files[set.Module][done[set.Module]:]...)
	}
	return missing, nil
}

// compare checks the next record of a module, of which done were checked before, against the module's files.
func compare(r migration, files []migration, done int) error {
	switch {
	case r.number != done+1:
		return errMigrationGap.With("module", r.module).With("number", done+1).Because(fmt.Errorf(
			"the database has migration %s/%04d but not %04d; restore a backup", r.module, r.number, done+1))
	case r.number > len(files):
		return errMigrationNewer.With("module", r.module).With("number", r.number).Because(fmt.Errorf(
			"the database has migration %s/%s, which this program does not know; install the newer program that made it", r.module, r.name))
	case r.checksum != files[done].checksum:
		return errMigrationEdited.With("file", files[done].String()).Because(fmt.Errorf(
			"%s was changed after it had been applied; restore the released text and put the change into a new file", files[done]))
	}
	return nil
}

// recorded reads the records, by module and number; none when there is no table yet.
func (d *DB) recorded(ctx context.Context) ([]migration, error) {
	exists := "/* db.migrationTableExists */ select count(*) from sqlite_schema where name = 'db_migration'"
	if d.engine == Postgres {
		exists = "/* db.migrationTableExists */ select count(to_regclass('db_migration'))"
	}
	var tables int
	if err := d.reads.QueryRowContext(ctx, exists).Scan(&tables); err != nil || tables == 0 {
		return nil, err
	}
	rows, err := d.reads.QueryContext(ctx, "/* db.migrations */ select module, number, name, checksum from db_migration order by module, number")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var records []migration
	for rows.Next() {
		var r migration
		if err := rows.Scan(&r.module, &r.number, &r.name, &r.checksum); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// migrationLock is the key of PostgreSQL's advisory lock: "tongban" in bytes.
const migrationLock = 0x746f6e6762616e

// lockMigrations waits until no other node migrates. The lock is of a session: one of a transaction would be
// taken within the snapshot that the transaction then reads its stale records from.
func (d *DB) lockMigrations(ctx context.Context) (release func(), err error) {
	if d.engine == SQLite {
		return func() {}, nil
	}
	conn, err := d.reads.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "/* db.lockMigrations */ select pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		conn.Close()
		return nil, err
	}
	return func() {
		// Should this fail, the connection is broken and the server has let go by itself.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "/* db.unlockMigrations */ select pg_advisory_unlock($1)", int64(migrationLock))
		conn.Close()
	}, nil
}
