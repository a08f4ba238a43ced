package backup

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Every value comes back from its line, and equal values make equal lines.
func TestRowsSurviveTheirLine(t *testing.T) {
	t.Parallel()
	types := []Type{Text, Bigint, Boolean, Bytea, Double}
	any := rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return string(b) }), // text that is not UTF-8
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return b }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
	)
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOfN(any, len(types), len(types)).Draw(t, "row")
		if n, ok := row[2].(int64); ok && (n == 0 || n == 1) {
			row[2] = n == 1 // what SQLite calls a boolean
		}
		line, err := appendRow(nil, types, row)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseRow(line, types)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(row, back, cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })); diff != "" {
			t.Fatalf("%s: %s", line, diff)
		}
		again, err := appendRow(nil, types, back)
		if err != nil || string(again) != string(line) {
			t.Fatalf("written again: %s instead of %s (%v)", again, line, err)
		}
	})
}

func TestALineIsReadable(t *testing.T) {
	t.Parallel()
	row := []any{"通办 <b> \"x\"\n\x01", int64(-7), int64(1), []byte{0, 255}, math.Copysign(0, -1), nil, "\xff", math.Inf(1), "12"}
	line, err := appendRow(nil, []Type{Text, Bigint, Boolean, Bytea, Double, Text, Text, Double, Bigint}, row)
	if err != nil {
		t.Fatal(err)
	}
	want := `["通办 <b> \"x\"\n\u0001",-7,true,"AP8=",0,null,{"raw":"/w=="},{"double":"+Inf"},{"text":"12"}]` + "\n"
	if string(line) != want {
		t.Fatalf("got  %swant %s", line, want)
	}
}

func FuzzParseRow(f *testing.F) {
	f.Add([]byte(`["a",1,true,"AA==",1.5]`))
	f.Add([]byte(`[{"raw":"/w=="},{"text":"x"},null,null,{"double":"NaN"}]`))
	types := []Type{Text, Bigint, Boolean, Bytea, Double}
	f.Fuzz(func(t *testing.T, line []byte) {
		row, err := parseRow(line, types)
		if err != nil {
			return
		}
		if _, err := appendRow(nil, types, row); err != nil {
			t.Fatalf("%q was read as %v, which cannot be written: %v", line, row, err)
		}
	})
}
