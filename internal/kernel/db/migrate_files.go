package db

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strconv"
)

// MigrationSet is one module's migrations. FS holds migrations/NNNN_what.sql, numbered from 0001 without gaps and
// written once for both engines. Where the engines truly differ (full-text tables), a number may have the
// pair NNNN_what.sqlite.sql and NNNN_what.postgres.sql instead. A released file is never changed.
type MigrationSet struct {
	Module string
	FS     fs.FS
}

type migration struct {
	module   string
	number   int
	name     string // the file's name
	checksum string // SHA-256 of the file, hexadecimal
	text     string
}

func (m migration) String() string { return m.module + "/" + m.name }

var migrationName = regexp.MustCompile(`^([0-9]{4})_([a-z0-9_]+)(\.sqlite|\.postgres)?\.sql$`)

// readSets returns the migrations of engine by module, in order; number n stands at n-1.
func readSets(engine Engine, sets []MigrationSet) (map[string][]migration, error) {
	all := make(map[string][]migration, len(sets))
	for _, set := range sets {
		if _, twice := all[set.Module]; twice {
			return nil, fmt.Errorf("db: module %q has two migration sets", set.Module)
		}
		files, err := readSet(engine, set)
		if err != nil {
			return nil, err
		}
		all[set.Module] = files
	}
	return all, nil
}

func readSet(engine Engine, set MigrationSet) ([]migration, error) {
	entries, err := fs.ReadDir(set.FS, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", set.Module, err)
	}
	var files []migration
	for _, entry := range entries {
		parts := migrationName.FindStringSubmatch(entry.Name())
		if parts == nil {
			return nil, errMigrationName.With("file", set.Module+"/"+entry.Name())
		}
		if parts[3] != "" && parts[3] != "."+string(engine) {
			continue
		}
		raw, err := fs.ReadFile(set.FS, path.Join("migrations", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migrations of %s: %w", set.Module, err)
		}
		number, err := strconv.Atoi(parts[1])
		if err != nil {
			return nil, fmt.Errorf("read migrations of %s: %w", set.Module, err)
		}
		sum := sha256.Sum256(raw)
		files = append(files, migration{module: set.Module, number: number, name: entry.Name(),
			checksum: hex.EncodeToString(sum[:]), text: string(raw)})
	}
	sort.Slice(files, func(i, j int) bool { return files[i].number < files[j].number })
	for i, m := range files {
		if m.number != i+1 {
			return nil, errMigrationGap.With("module", set.Module).With("number", i+1)
		}
	}
	return files, nil
}
