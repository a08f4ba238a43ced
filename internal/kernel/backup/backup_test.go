package backup_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/db"
)

// A backup of any engine restores into any engine, and a backup of the result has the same hashes.
func TestAnyEngineToAnyEngine(t *testing.T) {
	t.Parallel()
	for _, from := range places(t) {
		path, m := written(t, planted(t, from, 300))
		if m.Rows() != 1+4+300+1+1+5+3 {
			t.Fatalf("%d rows are in the backup", m.Rows())
		}
		for _, to := range places(t) {
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				goal := target(t, to)
				if _, err := backup.Restore(context.Background(), path, goal); err != nil {
					t.Fatal(err)
				}
				key, err := os.ReadFile(filepath.Join(goal.Folder, "secret.key"))
				if err != nil || string(key) != "sesame" {
					t.Fatalf("secret.key: %q, %v", key, err)
				}
				d := open(t, to)
				_, again := written(t, d)
				same := cmpopts.IgnoreFields(backup.Manifest{}, "Engine")
				if diff := cmp.Diff(m, again, same); diff != "" {
					t.Fatal(diff)
				}
				if left := leftovers(t, goal); len(left) > 0 {
					t.Fatalf("the restore left %v", left)
				}
			})
		}
	}
}

// leftovers returns what is in the data directory besides an instance.
func leftovers(t *testing.T, goal backup.Target) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(goal.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "secret.key" && !strings.HasPrefix(e.Name(), "tongban.db") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestVerify(t *testing.T) {
	t.Parallel()
	path, want := written(t, planted(t, places(t)[0], 50))
	got, err := backup.Verify(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	scratch := t.TempDir()
	if _, err := backup.VerifyDeep(context.Background(), path, scratch, sets()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(scratch); err != nil || len(entries) != 0 {
		t.Fatalf("left behind: %v, %v", entries, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
}

// No byte can change, go or come without being noticed.
func TestEveryChangedByteIsNoticed(t *testing.T) {
	t.Parallel()
	path, _ := written(t, planted(t, places(t)[0], 5))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken")
	check := func(what string, raw []byte, at int) {
		t.Helper()
		if err := os.WriteFile(broken, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Verify(context.Background(), broken); !errors.Is(err, backup.ErrDamaged) {
			t.Fatalf("%s at %d of %d: %v", what, at, len(whole), err)
		}
	}
	for at := range whole {
		raw := bytes.Clone(whole)
		raw[at] ^= 0x10
		check("changed", raw, at)
	}
	for at := 0; at < len(whole); at += 97 {
		check("cut", whole[:at], at)
	}
	check("extended", append(bytes.Clone(whole), 'x'), len(whole))
}

func TestABackupNeverOverwrites(t *testing.T) {
	t.Parallel()
	d := planted(t, places(t)[0], 1)
	path := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(context.Background(), d, path, backup.Info{At: now}); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Fatal(err)
	}
	missing := backup.Info{At: now, Files: []backup.Source{{Name: "secret.key", Path: path + ".none"}}}
	other := filepath.Join(filepath.Dir(path), "other")
	if _, err := backup.Write(context.Background(), d, other, missing); err == nil {
		t.Fatal("a missing file was not noticed")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("a failed backup left %v, %v", entries, err)
	}
}

// What SQLite holds against its column's type is kept there, and refused by PostgreSQL without a trace.
func TestLooseTyping(t *testing.T) {
	t.Parallel()
	all := places(t)
	d := planted(t, all[0], 0)
	err := d.Write(context.Background(), func(ctx context.Context, q db.Querier) error {
		_, err := q.ExecContext(ctx, "insert into tree_loose (word, n) values ($1, $2), ($3, $4)", "w", "not a number", []byte("blob"), 1.5)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	path, want := written(t, d)
	for _, to := range places(t) {
		goal := target(t, to)
		_, err := backup.Restore(context.Background(), path, goal)
		if to.url != "" {
			if err == nil || !strings.Contains(err.Error(), "tree_loose") {
				t.Fatalf("PostgreSQL took it: %v", err)
			}
			assertUntouched(t, to)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, got := written(t, open(t, to)); !cmp.Equal(want, got) {
			t.Fatal(cmp.Diff(want, got))
		}
	}
}

// assertUntouched holds that a PostgreSQL database has no tables and no schema of ours.
func assertUntouched(t *testing.T, p place) {
	t.Helper()
	var n int
	err := open(t, p).Reader().QueryRowContext(context.Background(), `select
  (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public')
  + (select count(*) from pg_namespace where nspname like '%restore%')`).Scan(&n)
	if err != nil || n != 0 {
		t.Fatalf("%d things are left in the database, %v", n, err)
	}
}

// repacked writes the backup again, each entry changed by edit, with a seal that holds.
func repacked(t *testing.T, path string, edit func(name string, raw []byte) []byte) string {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out := filepath.Join(t.TempDir(), "repacked")
	err = backup.Save(out, func(w io.Writer) error {
		return backup.Sealed(w, func(z *zip.Writer) error {
			for _, f := range in.File {
				r, err := f.Open()
				if err != nil {
					return err
				}
				raw, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				entry, err := z.Create(f.Name)
				if err != nil {
					return err
				}
				if _, err := entry.Write(edit(f.Name, raw)); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
