package db

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tongban/internal/kernel/errs"
)

// Page asks for a part of a list: what follows Cursor, at most Limit rows.
type Page struct {
	Cursor string // made by EncodeCursor from the last row seen; empty for the start
	Limit  int    // rows wanted; 0 means DefaultSize
}

// DefaultSize is the number of rows of a page that does not say.
const DefaultSize = 50

// Size returns the number of rows to fetch: Limit, or DefaultSize when it is not positive, never above most.
func (p Page) Size(most int) int {
	if p.Limit <= 0 {
		return min(DefaultSize, most)
	}
	return min(p.Limit, most)
}

// Cut ends a page. rows holds up to size+1 rows, as the query was asked for one more than the page shows; Cut
// drops that one and returns the cursor of the last row kept, or "" when the list ends here. key returns the
// values the list is sorted by, ending in a unique one.
func Cut[T any](rows []T, size int, key func(T) []any) ([]T, string) {
	if size <= 0 || len(rows) <= size {
		return rows, ""
	}
	rows = rows[:size]
	return rows, EncodeCursor(key(rows[size-1])...)
}

const maxCursor = 2048 // bytes; a sort key longer than that is a mistake

var errBadCursor = errs.Define(errs.Invalid, "bad_format")

// EncodeCursor makes a cursor from the values a list is sorted by: strings, integers, booleans and Time, also
// of named types. A value of another kind is a defect; it gives a cursor that DecodeCursor refuses.
func EncodeCursor(vals ...any) string {
	plain := make([]any, len(vals))
	for i, v := range vals {
		if t, ok := v.(Time); ok {
			v = t.UnixMicro()
		}
		plain[i] = v
	}
	b, err := json.Marshal(plain)
	if err != nil {
		return "!"
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodeCursor reads the values of a cursor into dst, pointers to the kinds EncodeCursor takes. Cursors come
// from the address line: junk, another number or kind of values and oversized ones are Invalid "bad_format".
func DecodeCursor(s string, dst ...any) error {
	if len(s) > maxCursor {
		return errBadCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return errBadCursor.Because(err)
	}
	var vals []json.RawMessage
	if err := json.Unmarshal(raw, &vals); err != nil {
		return errBadCursor.Because(err)
	}
	if len(vals) != len(dst) {
		return errBadCursor.Because(fmt.Errorf("%d values, want %d", len(vals), len(dst)))
	}
	for i, d := range dst {
		if err := decodeValue(vals[i], d); err != nil {
			return errBadCursor.Because(err)
		}
	}
	return nil
}

func decodeValue(raw json.RawMessage, dst any) error {
	if t, ok := dst.(*Time); ok {
		var us int64
		if err := decodeValue(raw, &us); err != nil {
			return err
		}
		*t = Time{time.UnixMicro(us).UTC()}
		return nil
	}
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("db: cannot read a cursor into %T", dst)
	}
	switch v = v.Elem(); v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Int32:
	default:
		return fmt.Errorf("db: cannot read a cursor into %T", dst)
	}
	if string(raw) == "null" { // json would leave dst as it is
		return fmt.Errorf("db: a cursor value is null")
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		return err
	}
	// PostgreSQL refuses NUL and broken UTF-8 in text, which would be our fault instead of the sender's.
	if v.Kind() == reflect.String && (strings.ContainsRune(v.String(), 0) || !utf8.ValidString(v.String())) {
		return fmt.Errorf("db: a cursor value is not text")
	}
	return nil
}

// MaxIn is how many values one In may list; cut longer lists with slices.Chunk.
const MaxIn = 500

// In returns the placeholders of n values for "in (…)", numbered from first: In(3, 2) is "$2, $3, $4". No
// values give "null", which matches nothing. More than MaxIn give a name that no column has, so that the
// statement fails with a message that says why instead of running on part of the list.
func In(n, first int) string {
	switch {
	case n <= 0:
		return "null"
	case n > MaxIn:
		return fmt.Sprintf("in_list_of_%d_exceeds_%d", n, MaxIn)
	}
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	return b.String()
}
