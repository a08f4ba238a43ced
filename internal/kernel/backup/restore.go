package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
)

// Target is where a backup is restored to. The caller holds the lock of Folder, so that no instance runs on it.
type Target struct {
	Folder   string            // the data directory; made when it does not exist
	Database string            // the SQLite file; not used when URL is set
	URL      string            // the PostgreSQL database
	Sets     []db.MigrationSet // all migrations the program knows
	At       time.Time         // now
	Force    bool              // move what is there aside instead of refusing
	Owned    []string          // names in Folder that belong to an instance, besides the database and what the backup brings
}

// ErrNotEmpty is what the refusal to restore over an instance wraps.
var ErrNotEmpty = errors.New("the target is not empty")

// Restore rebuilds the instance that the backup holds. The target must hold none; with Force the former one is
// moved aside: on SQLite to a folder <data directory>.before-restore-<time>, on PostgreSQL to a schema
// before_restore_<time>. Until everything has been inserted and proved equal, the target is not touched, and a
// restore that fails puts back what it moved.
func Restore(ctx context.Context, path string, t Target) (m Manifest, err error) {
	a, err := open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer a.close()
	sets, err := a.m.setsOf(t.Sets)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := os.MkdirAll(t.Folder, 0o700); err != nil {
		return Manifest{}, fmt.Errorf("make the data directory: %w", err)
	}
	if err := removeStages(t.Folder); err != nil {
		return Manifest{}, err
	}
	s := &site{Target: t, archive: a, sets: sets}
	if s.stage, err = os.MkdirTemp(t.Folder, stagePrefix); err != nil {
		return Manifest{}, fmt.Errorf("the data directory cannot be written: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.stage)) }()
	if err := s.restore(ctx); err != nil {
		return Manifest{}, err
	}
	return a.m, nil
}

// stagePrefix begins the name of the folder in which an instance is built before it is put in place. It lies in
// the data directory, since the folder above may belong to another user or another disk.
const stagePrefix = ".restore-"

// removeStages removes what killed restores left. The caller holds the folder's lock, so none is under way.
func removeStages(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look at the data directory: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), stagePrefix) {
			if err := os.RemoveAll(filepath.Join(folder, e.Name())); err != nil {
				return fmt.Errorf("remove what a killed restore left: %w", err)
			}
		}
	}
	return nil
}

// site is one restore under way.
type site struct {
	Target
	archive *archive
	sets    []db.MigrationSet
	stage   string
}

func (s *site) restore(ctx context.Context) error {
	if err := s.checkFolder(); err != nil {
		return err
	}
	for _, f := range s.archive.m.Files {
		if err := s.unpack(f); err != nil {
			return err
		}
	}
	if s.URL != "" {
		return s.restorePostgres(ctx)
	}
	if err := s.build(ctx, db.Options{Path: filepath.Join(s.stage, filepath.Base(s.Database))}); err != nil {
		return err
	}
	return s.putInPlace(func() error {
		return os.Rename(filepath.Join(s.stage, filepath.Base(s.Database)), s.Database)
	})
}

// build makes the database and closes it, so that SQLite leaves one complete file.
func (s *site) build(ctx context.Context, o db.Options) (err error) {
	d, err := db.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Migrate(ctx, s.At, s.sets...); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	if err := s.archive.fill(ctx, d); err != nil {
		return err
	}
	return d.Check(ctx)
}

func (s *site) unpack(f File) (err error) {
	path := filepath.Join(s.stage, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	return errors.Join(s.archive.copyFile(f, out), out.Sync(), out.Close())
}

// owned returns the paths in the data directory that make an instance.
func (s *site) owned() []string {
	var paths []string
	if s.URL == "" {
		paths = append(paths, s.Database, s.Database+"-wal", s.Database+"-shm")
	}
	names := append(s.brought(), s.Owned...)
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		paths = append(paths, filepath.Join(s.Folder, n))
	}
	return paths
}

// brought returns the first part of each file's name that the backup brings.
func (s *site) brought() []string {
	var names []string
	for _, f := range s.archive.m.Files {
		first, _, _ := strings.Cut(f.Name, "/")
		names = append(names, first)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *site) checkFolder() error {
	if s.Force {
		return nil
	}
	for _, path := range s.owned() {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%w: %s exists; restore into an empty data directory, or move the instance aside with --force",
				ErrNotEmpty, path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at the data directory: %w", err)
		}
	}
	return nil
}

// putInPlace moves the former instance aside and the new files in; last, database makes the new database the
// one in use. When a step fails, the steps before it are taken back.
func (s *site) putInPlace(database func() error) (err error) {
	var undo []func() error
	defer func() {
		if err == nil {
			return
		}
		for _, back := range slices.Backward(undo) {
			err = errors.Join(err, back())
		}
	}()
	move := func(from, to string) error {
		if err := os.Rename(from, to); err != nil {
			return fmt.Errorf("put the restored instance in place: %w", err)
		}
		undo = append(undo, func() error { return os.Rename(to, from) })
		return nil
	}
	if err := s.moveAside(move, func(f func() error) { undo = append(undo, f) }); err != nil {
		return err
	}
	for _, name := range s.brought() {
		if err := move(filepath.Join(s.stage, name), filepath.Join(s.Folder, name)); err != nil {
			return err
		}
	}
	if err := database(); err != nil {
		return fmt.Errorf("put the restored database in place: %w", err)
	}
	return syncFolder(s.Folder)
}

// moveAside moves what makes the former instance into a folder of its own; without one it makes none.
func (s *site) moveAside(move func(from, to string) error, undo func(func() error)) error {
	aside := ""
	for _, path := range s.owned() {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if aside == "" {
			var err error
			if aside, err = s.makeAside(); err != nil {
				return err
			}
			undo(func() error { return os.Remove(aside) })
		}
		if err := move(path, filepath.Join(aside, filepath.Base(path))); err != nil {
			return err
		}
	}
	return nil
}

// makeAside makes the folder for the former instance: beside the data directory, or in it where the folder above
// belongs to another user or the data directory is a disk of its own.
func (s *site) makeAside() (string, error) {
	name := "before-restore-" + s.At.UTC().Format("20060102T150405Z")
	folder := filepath.Clean(s.Folder)
	for _, path := range []string{folder + "." + name, filepath.Join(folder, name), filepath.Join(folder, name+"-"+ids.New())} {
		if err := os.Mkdir(path, 0o700); err != nil {
			continue
		}
		if sameDisk(s.stage, path) {
			return path, nil
		}
		if err := os.Remove(path); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("no folder can be made in %s to move the former instance to", folder)
}

// sameDisk reports whether what is in folder a can be renamed into b, which only trying tells.
func sameDisk(a, b string) bool {
	probe, err := os.MkdirTemp(a, "probe-*")
	if err != nil {
		return false
	}
	moved := filepath.Join(b, filepath.Base(probe))
	if err := os.Rename(probe, moved); err != nil {
		return false // the probe goes with the stage
	}
	return os.Remove(moved) == nil
}
