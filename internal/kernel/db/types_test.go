package db_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
)

func TestTimeRoundTrip(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i, in := range []time.Time{
			testNow, testNow.UTC(), time.UnixMicro(0), time.UnixMicro(1).UTC(), time.Date(1949, 10, 1, 15, 0, 0, 999_999_999, time.UTC),
			time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), {},
		} {
			var out, latest db.Time
			var raw *int64
			mustExec(t, d, "insert into t_item (id, n, at) values ($1, $2, $3)", in.String(), i, db.At(in))
			err := d.Reader().QueryRowContext(t.Context(), "select at, at, max(at) from t_item where n = $1 group by at", i).Scan(&out, &raw, &latest)
			if err != nil {
				t.Fatal(err)
			}
			if out != db.At(in) || latest != out {
				t.Errorf("%v came back as %v, as max %v", in, out, latest)
			}
			if (raw == nil) != in.IsZero() || raw != nil && *raw != in.UnixMicro() {
				t.Errorf("%v is stored as %v", in, raw)
			}
			if !in.IsZero() && (in.Sub(out.Time) < 0 || in.Sub(out.Time) >= time.Microsecond || out.Location() != time.UTC) {
				t.Errorf("At(%v) = %v", in, out)
			}
		}
	}, items)
}

func TestTimeOrderAndEquality(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		shanghai := time.FixedZone("CST", 8*3600)
		var want []db.Time
		err := d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			want = nil
			for i := range 200 {
				at := testNow.Add(time.Duration(i*7919%200) * 37 * time.Minute)
				if i%2 == 0 {
					at = at.UTC()
				} else {
					at = at.In(shanghai)
				}
				want = append(want, db.At(at))
				if _, err := q.ExecContext(ctx, "insert into t_item (id, n, at) values ($1, $2, $3)", at.String(), i, db.Time{Time: at}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(want, func(a, b db.Time) int { return a.Compare(b.Time) })
		if diff := cmp.Diff(want, readTimes(t, d, "select at from t_item order by at")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[101:], readTimes(t, d, "select at from t_item where at > $1 order by at", db.Time{Time: want[100].In(shanghai)})); diff != "" {
			t.Error(diff)
		}
		if got := count(t, d, "at = $1", db.Time{Time: want[7].In(shanghai)}); got != 1 {
			t.Errorf("%d rows equal an instant given in another zone", got)
		}
	}, items)
}

func readTimes(t *testing.T, d *db.DB, query string, args ...any) []db.Time {
	t.Helper()
	rows, err := d.Reader().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []db.Time
	for rows.Next() {
		var at db.Time
		if err := rows.Scan(&at); err != nil {
			t.Fatal(err)
		}
		all = append(all, at)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTimeRefusesText(t *testing.T) {
	t.Parallel()
	var at db.Time
	if err := at.Scan("2026-11-21"); err == nil {
		t.Error("text was taken for a time")
	}
}

func TestJSON(t *testing.T) {
	type note struct {
		Text string   `json:"text"`
		Tags []string `json:"tags,omitempty"`
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		in := db.JSON[note]{V: note{Text: "办理 \"材料\" <1>", Tags: []string{"急"}}}
		mustExec(t, d, "insert into t_item (id, n, data) values ('a', 1, $1), ('b', 2, null)", in)
		out := db.JSON[note]{V: note{Text: "old", Tags: []string{"old"}}}
		var text string
		if err := d.Reader().QueryRowContext(t.Context(), "select data, data from t_item where id = 'a'").Scan(&out, &text); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, out); diff != "" {
			t.Error(diff)
		}
		if got := count(t, d, "data like '{%' and n = 1"); got != 1 {
			t.Errorf("JSON is not stored as text: %q", text)
		}
		if err := d.Reader().QueryRowContext(t.Context(), "select data from t_item where id = 'b'").Scan(&out); err != nil || out.V.Text != "" || out.V.Tags != nil {
			t.Errorf("NULL read as %+v, %v", out, err)
		}
	}, items)
}

func TestJSONDoesNotMixOldWithNew(t *testing.T) {
	t.Parallel()
	j := db.JSON[map[string]int]{V: map[string]int{"old": 1}}
	if err := j.Scan([]byte(`{"new":2}`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"new": 2}, j.V); diff != "" {
		t.Error(diff)
	}
	if j.Scan("{") == nil || j.Scan(1) == nil {
		t.Error("what is not JSON was taken")
	}
	if _, err := (db.JSON[any]{V: func() {}}).Value(); err == nil {
		t.Error("a function was written as JSON")
	}
}
