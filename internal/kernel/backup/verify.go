package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tongban/internal/kernel/db"
)

// Verify checks a backup without using it: that it is complete and unchanged, and that every table and file has
// the rows, bytes and hash that its manifest says. Errors about its content wrap ErrDamaged.
func Verify(ctx context.Context, path string) (Manifest, error) {
	a, err := open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer a.close()
	for _, t := range a.m.Tables {
		types := t.types()
		err := a.lines(t, func(line []byte) error {
			if _, err := parseRow(line, types); err != nil {
				return damaged("table %s: %w", t.Name, err)
			}
			return ctx.Err()
		})
		if err != nil {
			return Manifest{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, f := range a.m.Files {
		if err := a.copyFile(f, io.Discard); err != nil {
			return Manifest{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	return a.m, nil
}

// VerifyDeep also proves that the backup can be restored: it restores it into a SQLite database in a folder of
// its own below scratch ("" for the system's), checks that database and removes it.
func VerifyDeep(ctx context.Context, path, scratch string, sets []db.MigrationSet) (m Manifest, err error) {
	folder, err := os.MkdirTemp(scratch, "tongban-verify-*")
	if err != nil {
		return Manifest{}, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	return Restore(ctx, path, Target{
		Folder: folder, Database: filepath.Join(folder, "scratch.db"), Sets: sets, At: time.Unix(0, 0),
	})
}
