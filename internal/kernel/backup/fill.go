package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tongban/internal/kernel/db"
)

// How many rows one insert takes. A network makes few long statements cheaper; the SQLite driver looks up the
// place of each numbered placeholder, and beyond a few dozen that costs more than it saves.
const (
	sqlitePlaceholders   = 64
	postgresPlaceholders = 4096
	// maxBatch bounds the memory of rows that wait for their insert.
	maxBatch = 4 << 20
)

// fill inserts the rows of the backup into a database that has just been made and migrated to the backup's
// state, and proves in the same transaction that they are the rows of the backup.
func (a *archive) fill(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(ctx context.Context, q db.Querier) error {
		c, err := readCatalog(ctx, q, d.Engine())
		if err != nil {
			return err
		}
		applied, err := readMigrations(ctx, q)
		if err != nil {
			return err
		}
		if err := errors.Join(a.m.compareMigrations(applied, d.Engine()), a.compareTables(c)); err != nil {
			return err
		}
		order, circular := c.insertOrder()
		if err := relax(ctx, q, d.Engine(), circular); err != nil {
			return err
		}
		order = slices.DeleteFunc(order, func(t Table) bool { return t.Name == migrationTable })
		// Migrations may have brought rows of their own, which the backup has too, or its instance had removed.
		for _, t := range slices.Backward(order) {
			if err := exec(ctx, q, "/* backup.clear */ delete from "+quote(t.Name)); err != nil {
				return err
			}
		}
		for _, t := range order {
			if err := a.insertTable(ctx, q, d.Engine(), t.Name); err != nil {
				return err
			}
		}
		return a.prove(ctx, q, d.Engine(), circular)
	})
}

func exec(ctx context.Context, q db.Querier, query string, args ...any) error {
	_, err := q.ExecContext(ctx, query, args...)
	return err
}

// compareTables holds the tables that the migrations made against those of the backup. They differ only when a
// released migration was changed, or when tables were made by hand.
func (a *archive) compareTables(c catalog) error {
	made := map[string]Table{}
	for _, t := range c.tables {
		made[t.Name] = t
	}
	delete(made, migrationTable)
	for _, t := range a.m.Tables {
		want, ok := made[t.Name]
		if !ok {
			return fmt.Errorf("the backup has a table %s that no migration of its time makes; it cannot be restored", t.Name)
		}
		if !sameColumns(t.Columns, want.Columns) {
			return fmt.Errorf("table %s has other columns in the backup than its migrations make; it cannot be restored", t.Name)
		}
		delete(made, t.Name)
	}
	for name := range made {
		return fmt.Errorf("the backup lacks the table %s that the migrations of its time make; it cannot be restored", name)
	}
	return nil
}

// sameColumns compares columns whatever their order, which an added column changes between old and new files.
func sameColumns(a, b []Column) bool {
	byName := func(x, y Column) int { return strings.Compare(x.Name, y.Name) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), byName), slices.SortedFunc(slices.Values(b), byName))
}

// relax has foreign keys checked at the end instead of at each row, where no order of inserting satisfies them.
func relax(ctx context.Context, q db.Querier, engine db.Engine, circular []ref) error {
	if engine == db.SQLite {
		return exec(ctx, q, "/* backup.relax */ pragma defer_foreign_keys = on")
	}
	return alter(ctx, q, circular, "deferrable initially deferred")
}

func alter(ctx context.Context, q db.Querier, refs []ref, how string) error {
	for _, r := range refs {
		err := exec(ctx, q, "/* backup.alter */ alter table "+quote(r.table)+" alter constraint "+quote(r.name)+" "+how)
		if err != nil {
			return fmt.Errorf("foreign key %s of %s: %w", r.name, r.table, err)
		}
	}
	return nil
}

// prove checks the foreign keys and reads every row back.
func (a *archive) prove(ctx context.Context, q db.Querier, engine db.Engine, circular []ref) error {
	if engine == db.SQLite {
		var broken int64
		const query = "/* backup.refsHold */ select count(*) from pragma_foreign_key_check"
		if err := q.QueryRowContext(ctx, query).Scan(&broken); err != nil {
			return err
		}
		if broken > 0 {
			return damaged("%d rows refer to rows that are not in it", broken)
		}
	} else {
		if err := exec(ctx, q, "/* backup.refsHold */ set constraints all immediate"); err != nil {
			return err
		}
		if err := alter(ctx, q, circular, "not deferrable"); err != nil {
			return err
		}
	}
	for _, want := range a.m.Tables {
		got := want
		if err := got.read(ctx, q, io.Discard); err != nil {
			return err
		}
		if got.Rows != want.Rows || got.SHA256 != want.SHA256 {
			return fmt.Errorf("table %s did not arrive as it is in the backup: %d of %d rows came back, with hash %.12s instead of %.12s",
				want.Name, got.Rows, want.Rows, got.SHA256, want.SHA256)
		}
	}
	return nil
}

// insertTable inserts the rows of one table, several to a statement.
func (a *archive) insertTable(ctx context.Context, q db.Querier, engine db.Engine, name string) error {
	t := a.m.Tables[slices.IndexFunc(a.m.Tables, func(t Table) bool { return t.Name == name })]
	placeholders := sqlitePlaceholders
	if engine == db.Postgres {
		placeholders = postgresPlaceholders
	}
	b := newBatch(q, t, max(1, placeholders/len(t.Columns)))
	types := t.types()
	err := a.lines(t, func(line []byte) error {
		row, err := parseRow(line, types)
		if err != nil {
			return damaged("table %s: %w", name, err)
		}
		return b.add(ctx, row, len(line))
	})
	if err == nil {
		err = b.flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("restore table %s: %w", name, err)
	}
	return nil
}

// batch gathers rows for one insert. There are only two texts to prepare: of a full batch and of a single row.
type batch struct {
	q         db.Querier
	width     int // columns
	full      int // values of a full batch
	many, one string
	args      []any
	bytes     int
}

func newBatch(q db.Querier, t Table, rows int) *batch {
	return &batch{q: q, width: len(t.Columns), full: rows * len(t.Columns), many: t.insertRows(rows), one: t.insertRows(1)}
}

func (b *batch) add(ctx context.Context, row []any, size int) error {
	b.args = append(b.args, row...)
	b.bytes += size
	if len(b.args) == b.full {
		err := exec(ctx, b.q, b.many, b.args...)
		b.args, b.bytes = b.args[:0], 0
		return err
	}
	if b.bytes >= maxBatch {
		return b.flush(ctx)
	}
	return nil
}

// flush inserts the rows that wait, one by one.
func (b *batch) flush(ctx context.Context) error {
	for row := range slices.Chunk(b.args, b.width) {
		if err := exec(ctx, b.q, b.one, row...); err != nil {
			return err
		}
	}
	b.args, b.bytes = b.args[:0], 0
	return nil
}

func (t Table) insertRows(rows int) string {
	var text strings.Builder
	text.WriteString("/* backup.insert */ insert into " + quote(t.Name) + " (" + quoteAll(t.columnNames()) + ") values ")
	n := 0
	for r := range rows {
		if r > 0 {
			text.WriteString(", ")
		}
		sep := byte('(')
		for range t.Columns {
			n++
			text.WriteByte(sep)
			text.WriteString("$" + strconv.Itoa(n))
			sep = ','
		}
		text.WriteByte(')')
	}
	return text.String()
}
