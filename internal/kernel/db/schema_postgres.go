package db

import (
	"context"
	"strings"
)

// Lists come back as text with this between their parts, which no identifier contains.
const listSeparator = "\x1f"

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, listSeparator)
}

func (d *DB) postgresSchema(ctx context.Context, q Querier, s Schema) error {
	for _, read := range []func(context.Context, Querier, Schema) error{postgresColumns, postgresConstraints, postgresIndexes} {
		if err := read(ctx, q, s); err != nil {
			return err
		}
	}
	return nil
}

func postgresColumns(ctx context.Context, q Querier, s Schema) error {
	return scanRows(ctx, q, `/* db.columns */
		select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull,
			coalesce(pg_get_expr(f.adbin, f.adrelid), '')
		from pg_class c
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		left join pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum
		where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
		order by c.relname, a.attnum`,
		func(scan func(...any) error) error {
			var table string
			var c Column
			err := scan(&table, &c.Name, &c.Type, &c.Nullable, &c.Default)
			c.Default = plainDefault(c.Default)
			t := s[table]
			t.Columns = append(t.Columns, c)
			s[table] = t
			return err
		})
}

func postgresConstraints(ctx context.Context, q Querier, s Schema) error {
	const columns = `coalesce((select string_agg(a.attname, chr(31) order by u.at)
		from unnest(%KEY%) with ordinality u(num, at) join pg_attribute a on a.attrelid = %TABLE% and a.attnum = u.num), '')`
	from := strings.NewReplacer("%KEY%", "k.conkey", "%TABLE%", "k.conrelid").Replace(columns)
	to := strings.NewReplacer("%KEY%", "k.confkey", "%TABLE%", "k.confrelid").Replace(columns)
	return scanRows(ctx, q, `/* db.constraints */
		select c.relname, k.conname, k.contype::text, `+from+`, coalesce(r.relname, ''), `+to+`,
			case k.confdeltype when 'c' then 'cascade' when 'n' then 'set null' when 'r' then 'restrict' when 'd' then 'set default' else '' end,
			k.conname ~ ('^' || c.relname || '(_.*)?_check[0-9]*$')
		from pg_constraint k
		join pg_class c on c.oid = k.conrelid and c.relkind = 'r'
		left join pg_class r on r.oid = k.confrelid
		where k.connamespace = current_schema()::regnamespace`,
		func(scan func(...any) error) error {
			var table, name, kind, from, target, to, onDelete string
			var generated bool
			if err := scan(&table, &name, &kind, &from, &target, &to, &onDelete, &generated); err != nil {
				return err
			}
			t := s[table]
			switch kind {
			case "p":
				t.PrimaryKey = split(from)
			case "u":
				t.Uniques = append(t.Uniques, strings.Join(split(from), ", "))
			case "f":
				t.ForeignKeys = append(t.ForeignKeys, foreignKey(split(from), target, split(to), onDelete))
			case "c":
				if generated { // PostgreSQL invents table_column_check for a check without a name
					name = unnamedCheck
				}
				t.Checks = append(t.Checks, name)
			}
			s[table] = t
			return nil
		})
}

func postgresIndexes(ctx context.Context, q Querier, s Schema) error {
	return scanRows(ctx, q, `/* db.indexes */
		select c.relname, n.relname, i.indisunique, i.indpred is not null,
			(select string_agg(case when i.indkey[p] = 0 then '(expression)' else a.attname end
					|| case when i.indoption[p] & 1 = 1 then ' desc' else '' end, chr(31) order by p)
				from generate_series(0, i.indnkeyatts - 1) p
				left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[p])
		from pg_index i
		join pg_class c on c.oid = i.indrelid and c.relkind = 'r'
		join pg_class n on n.oid = i.indexrelid
		where c.relnamespace = current_schema()::regnamespace
			and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`,
		func(scan func(...any) error) error {
			var table, columns string
			var x Index
			err := scan(&table, &x.Name, &x.Unique, &x.Partial, &columns)
			x.Columns = split(columns)
			t := s[table]
			t.Indexes = append(t.Indexes, x)
			s[table] = t
			return err
		})
}
