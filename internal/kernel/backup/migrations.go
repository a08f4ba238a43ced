package backup

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"tongban/internal/kernel/db"
)

// migrationTable is where kernel/db notes what it applied.
const migrationTable = "db_migration"

func readMigrations(ctx context.Context, q db.Querier) ([]Migration, error) {
	rows, err := q.QueryContext(ctx, "/* backup.migrations */ select module, number, checksum from db_migration order by module, number")
	if err != nil {
		return nil, fmt.Errorf("read the applied migrations: %w", err)
	}
	defer rows.Close()
	list := []Migration{}
	for rows.Next() {
		var m Migration
		if err := rows.Scan(&m.Module, &m.Number, &m.Checksum); err != nil {
			return nil, fmt.Errorf("read the applied migrations: %w", err)
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// setsOf returns the migrations of sets that the backup's database had applied, and refuses a backup with others.
func (m Manifest) setsOf(sets []db.MigrationSet) ([]db.MigrationSet, error) {
	applied := map[string]map[int64]bool{}
	for _, a := range m.Migrations {
		if applied[a.Module] == nil {
			applied[a.Module] = map[int64]bool{}
		}
		applied[a.Module][a.Number] = true
	}
	var chosen []db.MigrationSet
	known := 0
	for _, s := range sets {
		if s.FS == nil || applied[s.Module] == nil {
			continue
		}
		numbers, err := numbersIn(s.FS)
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", s.Module, err)
		}
		for n := range numbers {
			if applied[s.Module][n] {
				known++
			}
		}
		chosen = append(chosen, db.MigrationSet{Module: s.Module, FS: only{s.FS, applied[s.Module]}})
	}
	if known != len(m.Migrations) {
		return nil, fmt.Errorf("the backup was made by tongban %s, which knows %d migrations that this program does not: it is newer; restore with that version",
			m.Program, len(m.Migrations)-known)
	}
	return chosen, nil
}

// compareMigrations holds what has been applied against the backup: the same, by content. A migration that is
// written for each engine by itself has a checksum for each, so across engines only the numbers can be compared;
// the tables are compared in any case.
func (m Manifest) compareMigrations(got []Migration, engine db.Engine) error {
	same := func(a, b Migration) bool {
		return a.Module == b.Module && a.Number == b.Number && (a.Checksum == b.Checksum || engine != m.Engine)
	}
	for i, want := range m.Migrations {
		if i >= len(got) || !same(got[i], want) {
			return fmt.Errorf("migration %s %04d is not the one that the backup's program %s had applied; restore with that version",
				want.Module, want.Number, m.Program)
		}
	}
	if extra := len(got) - len(m.Migrations); extra > 0 {
		return fmt.Errorf("%d migrations were applied that the backup's program %s did not have", extra, m.Program)
	}
	return nil
}

const migrationFolder = "migrations"

// numbersIn returns the numbers of the files; two files for two engines share one.
func numbersIn(fsys fs.FS) (map[int64]bool, error) {
	files, err := fs.Glob(fsys, migrationFolder+"/*.sql")
	if err != nil {
		return nil, err
	}
	numbers := map[int64]bool{}
	for _, f := range files {
		numbers[numberOf(f)] = true
	}
	return numbers, nil
}

// numberOf returns the number that begins the name of a migration; -1 without one.
func numberOf(file string) int64 {
	digits, _, _ := strings.Cut(path.Base(file), "_")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// only is an FS that shows some of its migrations.
type only struct {
	fs.FS
	numbers map[int64]bool
}

// ReadDir leaves the other migrations out.
func (o only) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, name)
	if name == migrationFolder {
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !o.numbers[numberOf(e.Name())] })
	}
	return entries, err
}
