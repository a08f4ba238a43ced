package backup_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
)

// now is when the tests happen.
var now = time.Date(2026, time.November, 22, 1, 30, 0, 0, time.UTC)

// files makes a set of migrations from texts.
func files(module string, texts ...string) db.MigrationSet {
	fsys := fstest.MapFS{}
	for i, text := range texts {
		fsys[fmt.Sprintf("migrations/%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return db.MigrationSet{Module: module, FS: fsys}
}

const (
	treeTables = `create table tree_kind (code text not null primary key, name text not null);
insert into tree_kind (code, name) values ('oak', '橡树'), ('elm', '榆树');`
	// tree_node refers to itself; tree_a and tree_b refer to each other; the names are against the order of need.
	nodeTables = `create table tree_node (id text not null primary key, parent text references tree_node (id), kind text references tree_kind (code),
  n bigint, ok boolean, raw bytea, x double precision, note text);
create index tree_node_parent on tree_node (parent);
create table tree_b (id text not null primary key, a text);
create table tree_a (id text not null primary key, b text references tree_b (id));
create table tree_loose (word text, n bigint);
create table tree_pair (k bigint not null, id text not null, primary key (id, k));`
	laterTables = `alter table tree_node add column late text;`
)

func sets() []db.MigrationSet { return []db.MigrationSet{files("tree", treeTables, nodeTables)} }

// place is somewhere a database can be.
type place struct {
	name, path, url string
}

func (p place) options() db.Options { return db.Options{Path: p.path, URL: p.url} }

// places returns an empty one on each engine that is tested.
func places(t *testing.T) (all []place) {
	t.Helper()
	for _, engine := range dbtest.Engines(t) {
		p := place{name: string(engine)}
		if engine == db.SQLite {
			p.path = filepath.Join(t.TempDir(), "data", "tongban.db")
		} else {
			p.url = dbtest.Location(t, engine).URL
		}
		all = append(all, p)
	}
	return all
}

func open(t *testing.T, p place) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), p.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// planted opens the place, makes the tables and fills them with what is hard to keep.
func planted(t *testing.T, p place, n int) *db.DB {
	t.Helper()
	d := open(t, p)
	ctx := context.Background()
	if err := d.Migrate(ctx, now, sets()...); err != nil {
		t.Fatal(err)
	}
	err := d.Write(ctx, func(ctx context.Context, q db.Querier) error {
		do := func(query string, args ...any) {
			if _, err := q.ExecContext(ctx, query, args...); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
		}
		do("delete from tree_kind where code = 'elm'")
		do("insert into tree_node (id) values ('z')")
		const insert = "insert into tree_node (id, parent, kind, n, ok, raw, x, note) values ($1, $2, $3, $4, $5, $6, $7, $8)"
		do(insert, "a", "z", "oak", int64(math.MinInt64), true, []byte{}, math.MaxFloat64, "")
		do(insert, "B", "a", nil, int64(math.MaxInt64), false, []byte{0, 1, 255}, -0.1, "通办\n\t\"\\\u2028<&>\x01")
		do(insert, "é", nil, nil, nil, nil, nil, nil, nil)
		for i := range n {
			do(insert, fmt.Sprintf("row-%06d", i), "z", "oak", int64(i), i%2 == 0, []byte(fmt.Sprint(i)), float64(i)/3, strings.Repeat("字", i%50))
		}
		do("insert into tree_b (id, a) values ('b', 'a')")
		do("insert into tree_a (id, b) values ('a', 'b')")
		do("insert into tree_loose (word, n) values (null, 2), ('x', null), ('x', 1), (null, null), ('x', 1)")
		do("insert into tree_pair (k, id) values (2, 'a'), (1, 'b'), (1, 'a')")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// written makes a backup of a planted database, with a secret key, and returns its path.
func written(t *testing.T, d *db.DB) (string, backup.Manifest) {
	t.Helper()
	folder := t.TempDir()
	key := filepath.Join(folder, "key")
	if err := os.WriteFile(key, []byte("sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "b.backup")
	m, err := backup.Write(context.Background(), d, path, backup.Info{
		Program: "1.2.3", At: now, Files: []backup.Source{{Name: "secret.key", Path: key}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return path, m
}

// target describes where to restore to.
func target(t *testing.T, p place) backup.Target {
	folder := filepath.Dir(p.path)
	if p.url != "" {
		folder = filepath.Join(t.TempDir(), "data")
	}
	return backup.Target{Folder: folder, Database: p.path, URL: p.url, Sets: sets(), At: now}
}

func count(t *testing.T, d *db.DB, table string) (n int) {
	t.Helper()
	if err := d.Reader().QueryRowContext(context.Background(), "select count(*) from "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
