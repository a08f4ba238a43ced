package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
)

// What the stores may use: each text gives the same answer on both engines. A driver or engine that is exchanged has
// to pass this list first.
func TestPortableSQL(t *testing.T) {
	var cases []func(t *testing.T, d *db.DB)
	for _, tc := range []struct {
		name, query string
		args        []any
		want        []string
	}{
		{"placeholders out of order and repeated", "select $2 || $1 || $2 || cast($3 as text)", []any{"a", "b", "c"}, []string{"bab" + "c"}},
		{"returning", "insert into t_item (id, n) values ('new', 9) returning id", nil, []string{"new"}},
		{"upsert on a partial index", "insert into t_item (id, n) values ('x', 1) on conflict (n) where done = false do update set id = excluded.id returning id || n", nil, []string{"x1"}},
		{"do nothing", "insert into t_item (id, n) values ('a', 50) on conflict do nothing returning id", nil, nil},
		{"update from", "update t_item set data = s.v from (select 'b' as k, 'new' as v) s where t_item.id = s.k returning data", nil, []string{"new"}},
		{"boolean", "select id from t_item where done or not done = $1 order by id limit 1", []any{true}, []string{"a"}},
		{"recursive cte", "with recursive up(i) as (select 1 union all select i + 1 from up where i < 4) select cast(sum(i) as bigint) from up", nil, []string{"10"}},
		{"window", "select id || row_number() over (order by n desc) from t_item order by n limit 2", nil, []string{"a3", "b2"}},
		{"filter", "select count(*) filter (where n > 1) from t_item", nil, []string{"2"}},
		{"is not distinct from", "select id from t_item where data is not distinct from $1 order by id", []any{"two"}, []string{"b"}},
		{"nulls last", "select id from t_item order by data nulls last, id", nil, []string{"c", "b", "a"}},
		{"row values", "select id from t_item where (n, id) > ($1, $2) order by n, id", []any{2, "a"}, []string{"b", "c"}},
		{"like with escape", `select id from t_item where data like '1\%%' escape '\'`, nil, []string{"c"}},
		{"optional filter", "select id from t_item where (cast($1 as bigint) is null or n = $1) order by id", []any{nil}, []string{"a", "b", "c"}},
		{"string_agg", "select string_agg(id, ',') from (select id from t_item order by id) s", nil, []string{"a,b,c"}},
		{"order of text", "select v from (select 'b' as v union all select 'B' union all select '中' union all select 'é' union all select '_') s order by v", nil, []string{"B", "_", "b", "é", "中"}},
		{"text that looks like a number", "update t_item set data = $1 where id = 'a' returning data", []any{"0012e45678"}, []string{"0012e45678"}},
	} {
		cases = append(cases, func(t *testing.T, d *db.DB) {
			var got []string
			err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) (err error) {
				if _, err := q.ExecContext(ctx, "insert into t_item (id, n, data) values ('a', 1, null), ('b', 2, 'two'), ('c', 3, '1% of')"); err != nil {
					return err
				}
				if got, err = readAll(ctx, q, tc.query, tc.args...); err != nil {
					return err
				}
				return errUndo
			})
			if diff := cmp.Diff(tc.want, got); !errors.Is(err, errUndo) || diff != "" {
				t.Errorf("%s: %v %s", tc.name, err, diff)
			}
		})
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range cases {
			c(t, d)
		}
	}, portable)
}

var errUndo = errors.New("undo")

// readAll returns the only column of the rows of query as text.
func readAll(ctx context.Context, q db.Querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprint(v))
	}
	return all, rows.Err()
}

var portable = set(`create table t_item (id text not null primary key, n bigint not null, done boolean not null default false, data text);
	create unique index t_item_n on t_item (n) where done = false;`)

// The same text runs again while its rows are still being read, in one transaction: the statement cache must not
// give out the statement that is in use.
func TestSameStatementWithinItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() == db.Postgres {
			return // its protocol allows one open result per connection; tried on SQLite because only there it seems to work
		}
		for i := range 3 {
			addItem(t, d, fmt.Sprint(i), i)
		}
		seen := 0
		walk := func(ctx context.Context, q db.Querier) error {
			seen = 0
			const query = "/* t.walk */ select n from t_item where n >= $1 order by n"
			outer, err := q.QueryContext(ctx, query, 0)
			if err != nil {
				return err
			}
			defer outer.Close()
			for outer.Next() {
				var n, m int
				if err := outer.Scan(&n); err != nil {
					return err
				}
				if err := q.QueryRowContext(ctx, query, n).Scan(&m); err != nil || n != m {
					t.Errorf("%d within %d, %v", m, n, err)
				}
				seen++
			}
			return outer.Err()
		}
		for range 2 { // the second time from the cache
			if err := d.Write(t.Context(), walk); err != nil || seen != 3 {
				t.Errorf("write: saw %d rows, %v", seen, err)
			}
			if err := d.ReadTx(t.Context(), walk); err != nil || seen != 3 {
				t.Errorf("read: saw %d rows, %v", seen, err)
			}
		}
	}, items)
}

// More texts than a connection keeps prepared, and a table that changes under a prepared one.
func TestStatementCacheTurnsOver(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, items)
	addItem(t, d, "a", 1)
	for range 2 {
		for i := range 600 {
			if got := count(t, d, fmt.Sprintf("n < %d", i)); (got == 1) != (i > 1) {
				t.Fatalf("n < %d: %d", i, got)
			}
			mustExec(t, d, fmt.Sprintf("update t_item set data = '%d'", i))
		}
	}
	var id string
	for range 2 {
		if err := d.Reader().QueryRowContext(t.Context(), "select * from t_child").Scan(&id); err == nil {
			t.Error("an empty table has a row")
		}
		mustExec(t, d, "drop table if exists t_child; create table t_child (id text not null primary key)")
	}
	mustExec(t, d, "insert into t_child (id) values ('x')")
	if err := d.Reader().QueryRowContext(t.Context(), "select * from t_child").Scan(&id); err != nil || id != "x" {
		t.Errorf("after the table changed: %q, %v", id, err)
	}
}
