package db_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
)

const everyShape = `create table t_parent (
	id text not null primary key,
	org text not null,
	code text not null,
	kind text not null default 'plain' constraint t_parent_kind check (kind in ('plain', 'check (x)')),
	n bigint not null default 0,
	low bigint not null default -1,
	ratio double precision,
	on_hold boolean not null default false,
	raw bytea, -- check (nothing)
	at bigint,
	constraint t_parent_n check (n >= 0),
	unique (org, code)
);
create index t_parent_at on t_parent (org, at desc);
create unique index t_parent_live on t_parent (code) where at is null;
create index t_parent_lower on t_parent (lower(code), n);
create table t_child (
	parent_id text not null references t_parent on delete cascade,
	line bigint not null,
	org text,
	code text,
	primary key (parent_id, line),
	foreign key (org, code) references t_parent (org, code)
);`

func TestSchema(t *testing.T) {
	want := db.Schema{
		"t_parent": {
			Columns: []db.Column{
				{Name: "id", Type: "text"}, {Name: "org", Type: "text"}, {Name: "code", Type: "text"},
				{Name: "kind", Type: "text", Default: "plain"}, {Name: "n", Type: "bigint", Default: "0"},
				{Name: "low", Type: "bigint", Default: "-1"}, {Name: "ratio", Type: "double precision", Nullable: true},
				{Name: "on_hold", Type: "boolean", Default: "false"}, {Name: "raw", Type: "bytea", Nullable: true},
				{Name: "at", Type: "bigint", Nullable: true},
			},
			PrimaryKey: []string{"id"},
			Uniques:    []string{"org, code"},
			Indexes: []db.Index{
				{Name: "t_parent_at", Columns: []string{"org", "at desc"}},
				{Name: "t_parent_live", Unique: true, Partial: true, Columns: []string{"code"}},
				{Name: "t_parent_lower", Columns: []string{"(expression)", "n"}},
			},
			Checks: []string{"t_parent_kind", "t_parent_n"},
		},
		"t_child": {
			Columns: []db.Column{
				{Name: "parent_id", Type: "text"}, {Name: "line", Type: "bigint"},
				{Name: "org", Type: "text", Nullable: true}, {Name: "code", Type: "text", Nullable: true},
			},
			PrimaryKey:  []string{"parent_id", "line"},
			ForeignKeys: []string{"org, code -> t_parent (org, code)", "parent_id -> t_parent (id) on delete cascade"},
		},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		got, err := d.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}, set(everyShape))
}

// Each change makes the schema differ, or a comparison of the engines would prove nothing.
func TestSchemaSeesDifferences(t *testing.T) {
	good := `create table t_a (id text not null primary key, n bigint not null default 1, constraint t_a_n check (n > 0));
		create table t_b (id text not null primary key, a_id text not null references t_a (id)); create index t_b_a on t_b (a_id);`
	bad := map[string]string{
		"type":       `create table t_a (id text not null primary key, n integer not null default 1, constraint t_a_n check (n > 0));`,
		"nullable":   `create table t_a (id text not null primary key, n bigint default 1, constraint t_a_n check (n > 0));`,
		"default":    `create table t_a (id text not null primary key, n bigint not null default 2, constraint t_a_n check (n > 0));`,
		"check":      `create table t_a (id text not null primary key, n bigint not null default 1, constraint t_a_m check (n > 0));`,
		"bare check": `create table t_a (id text not null primary key, n bigint not null default 1, check (n > 0));`,
		"unique":     `create table t_a (id text not null primary key, n bigint not null default 1 unique, constraint t_a_n check (n > 0));`,
		"key":        `create table t_a (id text not null, n bigint not null default 1, constraint t_a_n check (n > 0), primary key (id, n));`,
	}
	rest := `create table t_b (id text not null primary key, a_id text not null references t_a (id)); create index t_b_a on t_b (a_id);`
	for _, engine := range dbtest.Engines(t) {
		want := schemaOf(t, engine, good)
		for name, text := range bad {
			if name == "key" { // PostgreSQL wants a reference to match a key
				text += "create table t_b (id text not null primary key, a_id text not null); create index t_b_a on t_b (a_id);"
			} else {
				text += rest
			}
			if cmp.Equal(want, schemaOf(t, engine, text)) {
				t.Errorf("%s: the %s was not seen", engine, name)
			}
		}
		for name, text := range map[string]string{
			"missing index": `drop index t_b_a`, "partial index": `drop index t_b_a; create index t_b_a on t_b (a_id) where a_id > 'x'`,
			"unique index": `drop index t_b_a; create unique index t_b_a on t_b (a_id)`, "table": `create table t_c (id text not null primary key)`,
			"order": `drop index t_b_a; create index t_b_a on t_b (a_id desc)`,
			"reference": `drop table t_b; create table t_b (id text not null primary key, a_id text not null references t_a (id) on delete cascade);
				create index t_b_a on t_b (a_id)`,
		} {
			if cmp.Equal(want, schemaOf(t, engine, good+text)) {
				t.Errorf("%s: the %s was not seen", engine, name)
			}
		}
	}
}

func schemaOf(t *testing.T, engine db.Engine, text string) db.Schema {
	t.Helper()
	d := dbtest.Open(t, engine)
	if err := migrate(t, d, set(text)); err != nil {
		t.Fatal(err)
	}
	s, err := d.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
