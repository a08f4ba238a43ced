package db_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
)

type state string

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	at := db.At(testNow)
	c := db.EncodeCursor("办件 \x7f", state("open"), int64(math.MaxInt64), 7, true, at)
	var text string
	var s state
	var big int64
	var n int
	var yes bool
	var when db.Time
	if err := db.DecodeCursor(c, &text, &s, &big, &n, &yes, &when); err != nil {
		t.Fatal(err)
	}
	if text != "办件 \x7f" || s != "open" || big != math.MaxInt64 || n != 7 || !yes || when != at {
		t.Error(text, s, big, n, yes, when)
	}
	if strings.ContainsAny(c, "+/=&?# ") {
		t.Errorf("%q does not fit in an address", c)
	}
}

func TestDecodeCursorRefusesJunk(t *testing.T) {
	t.Parallel()
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, c := range []string{
		"", "!", "%00", "a", encode(""), encode("null"), encode("{}"), encode(`["a"]`), encode(`["a",1,2]`), encode(`[1,"a"]`),
		encode(`["a",null]`), encode(`[null,1]`), encode(`["a",1.5]`), encode(`["a",1e99]`), encode(`["a",99999999999999999999]`),
		encode(`["\u0000",1]`), encode(`["a",1]x`), encode(`["a",1]`) + "=", strings.Repeat("A", 4096), db.EncodeCursor(func() {}, 1),
	} {
		var s string
		var n int64
		err := db.DecodeCursor(c, &s, &n)
		if got := errs.From(err); got == nil || got.Kind != errs.Invalid || got.Code != "bad_format" {
			t.Errorf("%.40q: %v", c, err)
		}
	}
	var s string
	var f float64
	if db.DecodeCursor(encode(`[1]`), &f) == nil || db.DecodeCursor(encode(`["a"]`), s) == nil || db.DecodeCursor(encode(`["a"]`), (*string)(nil)) == nil {
		t.Error("what cannot hold a value was taken")
	}
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add(db.EncodeCursor("a", 1, db.At(testNow)))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`["\ud800",1,2]`)))
	f.Add("")
	f.Fuzz(func(t *testing.T, c string) {
		var s string
		var n int
		var at db.Time
		if err := db.DecodeCursor(c, &s, &n, &at); err != nil {
			if e := new(errs.Error); !errors.As(err, &e) || e.Code != "bad_format" {
				t.Fatalf("%v", err)
			}
			return
		}
		if strings.ContainsRune(s, 0) {
			t.Fatalf("%q reached the database", s)
		}
		var s2 string
		var n2 int
		var at2 db.Time
		if err := db.DecodeCursor(db.EncodeCursor(s, n, at), &s2, &n2, &at2); len(s) < 256 && (err != nil || s != s2 || n != n2 || at != at2) {
			t.Fatalf("%q %d %v came back as %q %d %v, %v", s, n, at, s2, n2, at2, err)
		}
	})
}

func TestPageSize(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ limit, most, want int }{{0, 200, 50}, {-1, 200, 50}, {0, 20, 20}, {70, 200, 70}, {1000, 200, 200}} {
		if got := (db.Page{Limit: tc.limit}).Size(tc.most); got != tc.want {
			t.Errorf("limit %d of at most %d: %d, want %d", tc.limit, tc.most, got, tc.want)
		}
	}
}

type row struct {
	At db.Time
	ID string
}

func TestKeysetPaging(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var want []string
		for i := range 23 {
			id := fmt.Sprintf("%c%02d", "aB"[i%2], i) // C collation: B sorts before a
			at := testNow.AddDate(0, 0, i/5)          // equal times, so that the id decides
			mustExec(t, d, "insert into t_item (id, n, at) values ($1, $2, $3)", id, i, db.At(at))
			want = append(want, fmt.Sprint(i/5)+id)
		}
		slices.Sort(want)
		var got []string
		page, pages := db.Page{Limit: 5}, 0
		for ; pages == 0 || page.Cursor != ""; pages++ {
			rows, next := readPage(t, d, page)
			for _, r := range rows {
				got = append(got, fmt.Sprint(int(r.At.Sub(db.At(testNow).Time).Hours())/24)+r.ID)
			}
			page.Cursor = next
		}
		if diff := cmp.Diff(want, got); diff != "" || pages != 5 {
			t.Errorf("%d pages: %s", pages, diff)
		}
	}, items)
}

func readPage(t *testing.T, d *db.DB, p db.Page) ([]row, string) {
	t.Helper()
	size := p.Size(100)
	after := row{At: db.At(testNow.AddDate(-1, 0, 0))}
	if p.Cursor != "" {
		if err := db.DecodeCursor(p.Cursor, &after.At, &after.ID); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := d.Reader().QueryContext(t.Context(), "select at, id from t_item where (at, id) > ($1, $2) order by at, id limit $3", after.At, after.ID, size+1)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.At, &r.ID); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return db.Cut(all, size, func(r row) []any { return []any{r.At, r.ID} })
}

func TestIn(t *testing.T) {
	t.Parallel()
	if got := db.In(3, 9); got != "$9, $10, $11" {
		t.Error(got)
	}
	if db.In(0, 1) != "null" || db.In(-1, 1) != "null" {
		t.Error("no values")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addItem(t, d, "7", 7)
		args := []any{7}
		for i := range db.MaxIn {
			args = append(args, fmt.Sprint(i))
		}
		if got := count(t, d, "n = $1 and id in ("+db.In(db.MaxIn, 2)+")", args...); got != 1 {
			t.Errorf("found %d", got)
		}
		if got := count(t, d, "id in ("+db.In(0, 1)+")"); got != 0 {
			t.Errorf("no values match %d rows", got)
		}
		rows, err := d.Reader().QueryContext(t.Context(), "select id from t_item where id in ("+db.In(501, 1)+")", args[1:]...)
		if err == nil {
			rows.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "in_list_of_501_exceeds_500") {
			t.Errorf("too many values: %v", err)
		}
	}, items)
}
