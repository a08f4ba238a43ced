package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	namePrefix = "tongban-"
	nameTime   = "20060102T150405Z"
	nameSuffix = ".backup"
)

// Name returns the file name of a backup made at t. Such names sort by time.
func Name(t time.Time) string { return namePrefix + t.UTC().Format(nameTime) + nameSuffix }

// TimeOf returns when the backup with a name made by Name was made.
func TimeOf(name string) (time.Time, bool) {
	middle, ok := strings.CutPrefix(name, namePrefix)
	middle, ok2 := strings.CutSuffix(middle, nameSuffix)
	if !ok || !ok2 {
		return time.Time{}, false
	}
	t, err := time.Parse(nameTime, middle)
	return t, err == nil
}

// List returns the paths of the backups in dir that have a name made by Name, the newest first. A dir that does
// not exist holds none.
func List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the backups: %w", err)
	}
	var paths []string
	for _, e := range slices.Backward(entries) { // ReadDir sorts by name, and so by time
		if _, ok := TimeOf(e.Name()); ok && e.Type().IsRegular() {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// Keep removes all but the n newest backups in dir that have a name made by Name, and returns what it removed.
// It touches no other file, and always leaves the newest.
func Keep(dir string, n int) ([]string, error) {
	paths, err := List(dir)
	if err != nil || len(paths) <= max(n, 1) {
		return nil, err
	}
	var removed []string
	for _, p := range paths[max(n, 1):] {
		if err := os.Remove(p); err != nil {
			return removed, fmt.Errorf("remove an old backup: %w", err)
		}
		removed = append(removed, p)
	}
	return removed, nil
}
