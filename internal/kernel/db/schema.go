package db

import (
	"context"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// Schema is what a database looks like in words both engines share, by table, so that a test can compare them:
// cmp.Diff(sqlite, postgres). The records of migrations, and SQLite's virtual tables with what belongs to
// them, are left out.
type Schema map[string]Table

// Table is one table.
type Table struct {
	Columns     []Column // in order
	PrimaryKey  []string
	Uniques     []string // unique constraints, each as "a, b", sorted
	Indexes     []Index  // made by create index, sorted by name
	ForeignKeys []string // each as "a, b -> table (x, y) on delete cascade", sorted
	Checks      []string // names, sorted; a check without one shows as "(unnamed)"
}

// Column is one column.
type Column struct {
	Name     string
	Type     string // as declared, in lower case: text, bigint, boolean, bytea, double precision
	Nullable bool   // false for a primary key, although SQLite would take NULL there when not told otherwise
	Default  string // the expression without casts and quotes; empty for none
}

// Index is one index.
type Index struct {
	Name    string
	Unique  bool
	Partial bool     // it has a where clause
	Columns []string // names, with " desc" where it applies; "(expression)" for one
}

// Schema reads the structure of the database.
func (d *DB) Schema(ctx context.Context) (Schema, error) {
	s := Schema{}
	read := d.sqliteSchema
	if d.engine == Postgres {
		read = d.postgresSchema
	}
	if err := d.ReadTx(ctx, func(ctx context.Context, q Querier) error { return read(ctx, q, s) }); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	delete(s, "db_migration")
	for name, t := range s {
		sort.Strings(t.Uniques)
		sort.Strings(t.ForeignKeys)
		sort.Strings(t.Checks)
		sort.Slice(t.Indexes, func(i, j int) bool { return t.Indexes[i].Name < t.Indexes[j].Name })
		s[name] = t
	}
	return s, nil
}

var cast = regexp.MustCompile(`::[a-z]+( [a-z]+)*`)

// plainDefault brings the text of a default to a common form: PostgreSQL shows 0 of a bigint as '0'::bigint.
func plainDefault(s string) string {
	s = strings.ToLower(cast.ReplaceAllString(s, ""))
	for len(s) > 1 && (s[0] == '(' && s[len(s)-1] == ')' || s[0] == '\'' && s[len(s)-1] == '\'') {
		s = s[1 : len(s)-1]
	}
	return s
}

func foreignKey(columns []string, table string, to []string, onDelete string) string {
	s := strings.Join(columns, ", ") + " -> " + table + " (" + strings.Join(to, ", ") + ")"
	if onDelete = strings.ToLower(onDelete); onDelete != "" && onDelete != "no action" {
		s += " on delete " + onDelete
	}
	return s
}

// scanRows calls each for every row of query; each scans it.
func scanRows(ctx context.Context, q Querier, query string, each func(scan func(...any) error) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
