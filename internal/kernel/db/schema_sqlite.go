package db

import (
	"context"
	"database/sql"
	"regexp"
	"sort"
	"strings"
)

func (d *DB) sqliteSchema(ctx context.Context, q Querier, s Schema) error {
	var names, texts []string
	err := scanRows(ctx, q, `/* db.tables */ select t.name, m.sql from pragma_table_list t join sqlite_schema m on m.name = t.name
		where t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite\_%' escape '\' order by t.name`,
		func(scan func(...any) error) error {
			var name, text string
			err := scan(&name, &text)
			names, texts = append(names, name), append(texts, text)
			return err
		})
	if err != nil {
		return err
	}
	for i, name := range names {
		t := Table{Checks: checkNames(texts[i])}
		for _, read := range []func(context.Context, Querier, string, *Table) error{sqliteColumns, sqliteIndexes, sqliteForeignKeys} {
			if err := read(ctx, q, name, &t); err != nil {
				return err
			}
		}
		s[name] = t
	}
	return nil
}

func sqliteColumns(ctx context.Context, q Querier, name string, t *Table) error {
	type keyPart struct {
		at   int
		name string
	}
	var key []keyPart
	err := scanRows(ctx, q, `/* db.columns */ select name, lower(type), "notnull", coalesce(dflt_value, ''), pk from pragma_table_info($1) order by cid`,
		func(scan func(...any) error) error {
			var c Column
			var notNull bool
			var pk int
			err := scan(&c.Name, &c.Type, &notNull, &c.Default, &pk)
			c.Nullable = !notNull && pk == 0
			c.Default = plainDefault(c.Default)
			t.Columns = append(t.Columns, c)
			if pk > 0 {
				key = append(key, keyPart{pk, c.Name})
			}
			return err
		}, name)
	sort.Slice(key, func(i, j int) bool { return key[i].at < key[j].at })
	for _, k := range key {
		t.PrimaryKey = append(t.PrimaryKey, k.name)
	}
	return err
}

func sqliteIndexes(ctx context.Context, q Querier, name string, t *Table) error {
	type listed struct {
		Index
		origin string // c: create index, u: unique constraint, pk: primary key
	}
	var list []listed
	err := scanRows(ctx, q, `/* db.indexes */ select name, "unique", origin, partial from pragma_index_list($1)`,
		func(scan func(...any) error) error {
			var l listed
			err := scan(&l.Name, &l.Unique, &l.origin, &l.Partial)
			list = append(list, l)
			return err
		}, name)
	if err != nil {
		return err
	}
	for _, l := range list {
		err := scanRows(ctx, q, `/* db.indexColumns */ select name, "desc" from pragma_index_xinfo($1) where key order by seqno`,
			func(scan func(...any) error) error {
				var column sql.NullString
				var desc bool
				err := scan(&column, &desc)
				l.Columns = append(l.Columns, indexColumn(column, desc))
				return err
			}, l.Name)
		if err != nil {
			return err
		}
		switch l.origin {
		case "c":
			t.Indexes = append(t.Indexes, l.Index)
		case "u":
			t.Uniques = append(t.Uniques, strings.Join(l.Columns, ", "))
		}
	}
	return nil
}

func indexColumn(name sql.NullString, desc bool) string {
	text := "(expression)"
	if name.Valid {
		text = name.String
	}
	if desc {
		text += " desc"
	}
	return text
}

func sqliteForeignKeys(ctx context.Context, q Querier, name string, t *Table) error {
	type key struct {
		table, onDelete string
		from, to        []string
	}
	var ids []int
	keys := map[int]*key{}
	err := scanRows(ctx, q, `/* db.foreignKeys */ select id, "table", "from", coalesce("to", ''), on_delete from pragma_foreign_key_list($1) order by id, seq`,
		func(scan func(...any) error) error {
			var id int
			var table, from, to, onDelete string
			if err := scan(&id, &table, &from, &to, &onDelete); err != nil {
				return err
			}
			if keys[id] == nil {
				keys[id] = &key{table: table, onDelete: onDelete}
				ids = append(ids, id)
			}
			keys[id].from = append(keys[id].from, from)
			if to != "" {
				keys[id].to = append(keys[id].to, to)
			}
			return nil
		}, name)
	if err != nil {
		return err
	}
	for _, id := range ids {
		k := keys[id]
		if len(k.to) == 0 { // "references t" without columns means its primary key
			var target Table
			if err := sqliteColumns(ctx, q, k.table, &target); err != nil {
				return err
			}
			k.to = target.PrimaryKey
		}
		t.ForeignKeys = append(t.ForeignKeys, foreignKey(k.from, k.table, k.to, k.onDelete))
	}
	return nil
}

var (
	sqlNoise = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'`)
	checkDef = regexp.MustCompile(`(?i)(?:\bconstraint\s+"?(\w+)"?\s+)?\bcheck\s*\(`)
)

// checkNames reads the names of checks from a table's text, the only place where SQLite keeps them.
func checkNames(text string) []string {
	var names []string
	for _, m := range checkDef.FindAllStringSubmatch(sqlNoise.ReplaceAllString(text, " "), -1) {
		if m[1] == "" {
			m[1] = unnamedCheck
		}
		names = append(names, m[1])
	}
	return names
}

const unnamedCheck = "(unnamed)"
