package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/db"
)

func TestRestoreRefusesAnInstance(t *testing.T) {
	t.Parallel()
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			d := planted(t, p, 3)
			path, _ := written(t, d)
			if _, err := backup.Restore(context.Background(), path, target(t, p)); !errors.Is(err, backup.ErrNotEmpty) || !strings.Contains(err.Error(), "--force") {
				t.Fatal(err)
			}
			if n := count(t, d, "tree_node"); n != 7 {
				t.Fatalf("%d rows are left", n)
			}
		})
	}
}

// With Force the former instance is moved aside whole.
func TestForceMovesAside(t *testing.T) {
	t.Parallel()
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			path, _ := written(t, planted(t, places(t)[0], 1))
			old := planted(t, p, 3)
			goal := target(t, p)
			goal.Force = true
			if p.url == "" {
				if err := old.Close(); err != nil {
					t.Fatal(err)
				}
				keep(t, filepath.Join(goal.Folder, "secret.key"), "old key")
				keep(t, filepath.Join(goal.Folder, "lock"), "1")
			}
			if _, err := backup.Restore(context.Background(), path, goal); err != nil {
				t.Fatal(err)
			}
			if n := count(t, open(t, p), "tree_node"); n != 5 {
				t.Fatalf("%d rows were restored", n)
			}
			if p.url != "" {
				if n := count(t, open(t, p), "before_restore_20261122_013000.tree_node"); n != 7 {
					t.Fatalf("%d rows were moved aside", n)
				}
				return
			}
			aside := goal.Folder + ".before-restore-20261122T013000Z"
			if n := count(t, open(t, place{path: filepath.Join(aside, "tongban.db")}), "tree_node"); n != 7 {
				t.Fatalf("%d rows were moved aside", n)
			}
			if key, err := os.ReadFile(filepath.Join(aside, "secret.key")); err != nil || string(key) != "old key" {
				t.Fatalf("the former key: %q, %v", key, err)
			}
			if _, err := os.Stat(filepath.Join(goal.Folder, "lock")); err != nil {
				t.Fatal("the lock was moved from under its holder")
			}
		})
	}
}

func keep(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A restore that fails leaves the target as it was, on both engines, forced or not.
func TestAFailedRestoreLeavesNothing(t *testing.T) {
	t.Parallel()
	forged := func(t *testing.T, path string) string {
		return repacked(t, path, func(name string, raw []byte) []byte {
			if name == "tables/tree_pair.jsonl" {
				return bytes.Replace(raw, []byte(`"b"`), []byte(`"c"`), 1)
			}
			return raw
		})
	}
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			path, _ := written(t, planted(t, places(t)[0], 1))
			_, err := backup.Restore(context.Background(), forged(t, path), target(t, p))
			if !errors.Is(err, backup.ErrDamaged) {
				t.Fatal(err)
			}
			if p.url != "" {
				assertUntouched(t, p)
				return
			}
			if entries, err := os.ReadDir(filepath.Dir(p.path)); err != nil || len(entries) > 0 {
				t.Fatalf("left: %v, %v", entries, err)
			}
		})
	}
}

// A step of putting in place that fails takes the steps before it back.
func TestPuttingInPlaceIsTakenBack(t *testing.T) {
	t.Parallel()
	p := places(t)[0]
	path, _ := written(t, planted(t, places(t)[0], 1))
	if err := planted(t, p, 3).Close(); err != nil {
		t.Fatal(err)
	}
	goal := target(t, p)
	goal.Force = true
	keep(t, filepath.Join(goal.Folder, "secret.key"), "old key")
	goal.Owned = []string{"tongban.db"}
	goal.Database = filepath.Join(goal.Folder, "none", "tongban.db") // the last step: no such folder
	if _, err := backup.Restore(context.Background(), path, goal); err == nil {
		t.Fatal("a database was restored into no folder")
	}
	if key, err := os.ReadFile(filepath.Join(goal.Folder, "secret.key")); err != nil || string(key) != "old key" {
		t.Fatalf("the former key: %q, %v", key, err)
	}
	if _, err := os.Stat(goal.Folder + ".before-restore-20261122T013000Z"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the folder for the former instance stayed: %v", err)
	}
	if n := count(t, open(t, p), "tree_node"); n != 7 {
		t.Fatalf("%d rows are left", n)
	}
}

// An older backup comes back in its own state and is migrated afterwards; a newer one is refused.
func TestVersions(t *testing.T) {
	t.Parallel()
	later := []db.MigrationSet{files("tree", treeTables, nodeTables, laterTables), files("other", "create table other_t (id text not null primary key);")}
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			path, _ := written(t, planted(t, places(t)[0], 2))
			goal := target(t, p)
			goal.Sets = later
			if _, err := backup.Restore(context.Background(), path, goal); err != nil {
				t.Fatal(err)
			}
			d := open(t, p)
			if err := d.Migrate(context.Background(), now, later...); err != nil {
				t.Fatal(err)
			}
			newer, _ := written(t, d)
			_, err := backup.Restore(context.Background(), newer, target(t, places(t)[0]))
			if err == nil || !strings.Contains(err.Error(), "newer") || !strings.Contains(err.Error(), "1.2.3") {
				t.Fatal(err)
			}
		})
	}
}

func TestAKilledRestoreIsInNobodysWay(t *testing.T) {
	t.Parallel()
	p := places(t)[0]
	path, _ := written(t, planted(t, places(t)[0], 2))
	goal := target(t, p)
	left := filepath.Join(goal.Folder, ".restore-123")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	keep(t, filepath.Join(left, "tongban.db"), "half")
	if _, err := backup.Restore(context.Background(), path, goal); err != nil {
		t.Fatal(err)
	}
	if left := leftovers(t, goal); len(left) > 0 {
		t.Fatalf("left: %v", left)
	}
}

func TestAChangedMigrationIsNoticed(t *testing.T) {
	t.Parallel()
	path, _ := written(t, planted(t, places(t)[0], 2))
	goal := target(t, places(t)[0])
	goal.Sets = []db.MigrationSet{files("tree", treeTables, nodeTables+"\n-- changed")}
	_, err := backup.Restore(context.Background(), path, goal)
	if err == nil || !strings.Contains(err.Error(), "migration tree 0002") {
		t.Fatal(err)
	}
}

// What a hostile file says is checked before it is used, though its seal holds.
func TestForgedBackups(t *testing.T) {
	t.Parallel()
	path, _ := written(t, planted(t, places(t)[0], 2))
	for name, change := range map[string][2]string{
		"a path that leads out": {`"secret.key"`, `"../secret.key"`},
		"an absolute path":      {`"secret.key"`, `"/etc/passwd"`},
		"a wrong number":        {`"rows": 3`, `"rows": 2`},
		"a wrong hash":          {`"sha256": "`, `"sha256": "0`},
		"an unknown type":       {`"type": "bytea"`, `"type": "xml"`},
		"a newer format":        {`"format": 1`, `"format": 2`},
		"no manifest":           {`{`, ``},
		"an unknown table":      {`"name": "tree_pair"`, `"name": "tree_pear"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forged := repacked(t, path, func(entry string, raw []byte) []byte {
				if entry == "manifest.json" {
					changed := bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1)
					if bytes.Equal(raw, changed) {
						t.Fatalf("the manifest has no %s", change[0])
					}
					return changed
				}
				return raw
			})
			if _, err := backup.Verify(context.Background(), forged); err == nil {
				t.Error("Verify took it")
			}
			goal := target(t, places(t)[0])
			if _, err := backup.Restore(context.Background(), forged, goal); err == nil {
				t.Error("Restore took it")
			}
		})
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var names []string
	for i := range 5 {
		names = append(names, backup.Name(now.AddDate(0, 0, -i)))
	}
	for _, n := range append(names, "tongban-notes.backup", "other") {
		keep(t, filepath.Join(dir, n), "")
	}
	removed, err := backup.Keep(dir, 2)
	if err != nil || len(removed) != 3 {
		t.Fatalf("%v, %v", removed, err)
	}
	left, err := backup.List(dir)
	if err != nil || len(left) != 2 || filepath.Base(left[0]) != names[0] || filepath.Base(left[1]) != names[1] {
		t.Fatalf("%v, %v", left, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Fatalf("%v", entries)
	}
	if _, err := backup.Keep(dir, 0); err != nil {
		t.Fatal(err)
	}
	if left, _ := backup.List(dir); len(left) != 1 {
		t.Fatalf("Keep of none left %v", left)
	}
	if left, err := backup.List(filepath.Join(dir, "none")); err != nil || left != nil {
		t.Fatalf("%v, %v", left, err)
	}
}
