package backup

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"tongban/internal/kernel/db"
)

// catalog is what the database itself says about its tables.
type catalog struct {
	tables []Table // by name, without sums
	refs   []ref
}

// ref is a foreign key.
type ref struct{ table, parent, name string }

// The columns of all tables, those of the primary key with their place in it. Virtual tables of SQLite, such as
// a search index, are not kept: they are made from the tables.
const (
	sqliteColumns = `/* backup.columns */ select t.name, c.name, c.type, c.pk
from pragma_table_list t join pragma_table_info(t.name) c
where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite\_%' escape '\'
order by t.name, c.cid`
	postgresColumns = `/* backup.columns */ select cast(t.relname as text), cast(a.attname as text), format_type(a.atttypid, a.atttypmod),
  coalesce(array_position(cast(k.indkey as smallint[]), a.attnum) + 1, 0)
from pg_class t
join pg_namespace n on n.oid = t.relnamespace and n.nspname = current_schema()
join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
left join pg_index k on k.indrelid = t.oid and k.indisprimary
where t.relkind in ('r', 'p')
order by t.relname, a.attnum`

	sqliteRefs = `/* backup.refs */ select t.name, f."table", ''
from pragma_table_list t join pragma_foreign_key_list(t.name) f
where t.schema = 'main' and t.type = 'table' and f.seq = 0 order by t.name, f.id`
	postgresRefs = `/* backup.refs */ select cast(t.relname as text), cast(p.relname as text), cast(c.conname as text)
from pg_constraint c
join pg_class t on t.oid = c.conrelid
join pg_namespace n on n.oid = t.relnamespace and n.nspname = current_schema()
join pg_class p on p.oid = c.confrelid
where c.contype = 'f' order by t.relname, c.conname`
)

func readCatalog(ctx context.Context, q db.Querier, engine db.Engine) (catalog, error) {
	columns, refs := sqliteColumns, sqliteRefs
	if engine == db.Postgres {
		columns, refs = postgresColumns, postgresRefs
	}
	var c catalog
	var err error
	if c.tables, err = readTables(ctx, q, columns); err != nil {
		return c, fmt.Errorf("read the tables: %w", err)
	}
	c.refs, err = readRefs(ctx, q, refs)
	if err != nil {
		return c, fmt.Errorf("read the foreign keys: %w", err)
	}
	return c, nil
}

func readTables(ctx context.Context, q db.Querier, query string) ([]Table, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []Table
	var places []int // of the columns of the last table in its primary key
	for rows.Next() {
		var table, column, declared string
		var place int
		if err := rows.Scan(&table, &column, &declared, &place); err != nil {
			return nil, err
		}
		t, err := typeOf(declared)
		if err != nil {
			return nil, fmt.Errorf("table %s, column %s: %w", table, column, err)
		}
		if len(tables) == 0 || tables[len(tables)-1].Name != table {
			tables, places = append(tables, Table{Name: table}), nil
		}
		last := &tables[len(tables)-1]
		last.Columns, places = append(last.Columns, Column{column, t}), append(places, place)
		last.Key = keyOf(last.Columns, places)
	}
	return tables, rows.Err()
}

// keyOf returns the columns of the primary key in order; all columns where a table has none.
func keyOf(columns []Column, places []int) []string {
	var key []string
	for want := 1; ; want++ {
		i := slices.Index(places, want)
		if i < 0 {
			break
		}
		key = append(key, columns[i].Name)
	}
	if key != nil {
		return key
	}
	for _, c := range columns {
		key = append(key, c.Name)
	}
	return key
}

func readRefs(ctx context.Context, q db.Querier, query string) ([]ref, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var refs []ref
	for rows.Next() {
		var r ref
		if err := rows.Scan(&r.table, &r.parent, &r.name); err != nil {
			return nil, err
		}
		refs = append(refs, r)
	}
	return refs, rows.Err()
}

// insertOrder returns the tables so that each comes after those it refers to, and the references that no order
// can satisfy: those of a table to itself and of tables in a circle.
func (c catalog) insertOrder() (order []Table, circular []ref) {
	waiting := slices.Clone(c.tables)
	placed := map[string]bool{}
	open := func(t Table) []ref {
		var open []ref
		for _, r := range c.refs {
			if r.table == t.Name && !placed[r.parent] {
				open = append(open, r)
			}
		}
		return open
	}
	place := func(i int) {
		order, placed[waiting[i].Name] = append(order, waiting[i]), true
		waiting = slices.Delete(waiting, i, i+1)
	}
	for len(waiting) > 0 {
		free := slices.IndexFunc(waiting, func(t Table) bool { return len(open(t)) == 0 })
		if free < 0 {
			// Everything left waits for something in a circle: the table that waits for least goes first.
			free = 0
			for i := range waiting {
				if len(open(waiting[i])) < len(open(waiting[free])) {
					free = i
				}
			}
			circular = append(circular, open(waiting[free])...)
		}
		place(free)
	}
	return order, circular
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}

func (t Table) columnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// selectRows is the query for all rows in the order of the key, which is the same on both engines: text sorts
// bytewise. Only where all columns are the key can there be nulls, which the engines sort differently; asking
// for their place elsewhere would keep PostgreSQL from using the index.
func (t Table) selectRows() string {
	order := make([]string, len(t.Key))
	for i, k := range t.Key {
		order[i] = quote(k)
		if len(t.Key) == len(t.Columns) {
			order[i] += " nulls first"
		}
	}
	return "/* backup.rows */ select " + quoteAll(t.columnNames()) + " from " + quote(t.Name) +
		" order by " + strings.Join(order, ", ")
}

// read writes all rows to w and notes their number, size and hash in t.
func (t *Table) read(ctx context.Context, q db.Querier, w io.Writer) error {
	rows, err := q.QueryContext(ctx, t.selectRows())
	if err != nil {
		return fmt.Errorf("read table %s: %w", t.Name, err)
	}
	defer rows.Close()
	sum, types := newTally(), t.types()
	row, into := make([]any, len(types)), make([]any, len(types))
	for i := range row {
		into[i] = &row[i]
	}
	var line []byte
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read table %s: %w", t.Name, err)
		}
		if line, err = appendRow(line[:0], types, row); err != nil {
			return fmt.Errorf("table %s, row %d: %w", t.Name, sum.rows+1, err)
		}
		if len(line) > maxRow {
			return fmt.Errorf("table %s, row %d: %d bytes are more than a backup can keep in a row", t.Name, sum.rows+1, len(line))
		}
		sum.rows++
		sum.Write(line)
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read table %s: %w", t.Name, err)
	}
	t.Rows, t.Bytes, t.SHA256 = sum.rows, sum.bytes, sum.hex()
	return nil
}
