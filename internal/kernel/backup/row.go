package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// typeOf returns the shared type of a declared one. Only the five types of the house are portable; any other is
// refused when the backup is made, not when it is needed.
func typeOf(declared string) (Type, error) {
	switch t := Type(strings.ToLower(declared)); t {
	case Text, Bigint, Boolean, Bytea, Double:
		return t, nil
	}
	return "", fmt.Errorf("the column type %q cannot be kept in a backup", declared)
}

// A value is written as the JSON value of its column's type (BYTEA as base64). SQLite does not hold a column to
// its type; a value of another type, and what JSON has no value for, is an object with one of these members.
const (
	tagText   = "text"
	tagRaw    = "raw" // text that is not UTF-8, as base64
	tagBigint = "bigint"
	tagBytea  = "bytea"
	tagDouble = "double" // also NaN and the infinities
)

// appendRow appends one row as a line. Equal rows give equal lines on both engines: restore compares their hashes.
func appendRow(b []byte, types []Type, row []any) ([]byte, error) {
	b = append(b, '[')
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, types[i], v); err != nil {
			return nil, err
		}
	}
	return append(b, ']', '\n'), nil
}

func appendValue(b []byte, t Type, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		if t == Boolean {
			return strconv.AppendBool(b, v), nil
		}
	case int64:
		return appendInt(b, t, v), nil
	case float64:
		return appendFloat(b, t, v), nil
	case string:
		return appendText(b, t, v), nil
	case []byte:
		if t == Bytea {
			return append(base64.StdEncoding.AppendEncode(append(b, '"'), v), '"'), nil
		}
		return appendTagged(b, tagBytea, base64.StdEncoding.EncodeToString(v)), nil
	}
	return nil, fmt.Errorf("a %T in a column of type %s cannot be kept in a backup", v, t)
}

func appendInt(b []byte, t Type, v int64) []byte {
	switch {
	case t == Bigint:
		return strconv.AppendInt(b, v, 10)
	case t == Boolean && (v == 0 || v == 1):
		return strconv.AppendBool(b, v == 1)
	}
	return appendTagged(b, tagBigint, strconv.FormatInt(v, 10))
}

func appendFloat(b []byte, t Type, v float64) []byte {
	if v == 0 {
		v = 0 // SQLite has no negative zero
	}
	if t == Double && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	return appendTagged(b, tagDouble, strconv.FormatFloat(v, 'g', -1, 64))
}

func appendText(b []byte, t Type, v string) []byte {
	if !utf8.ValidString(v) {
		return appendTagged(b, tagRaw, base64.StdEncoding.EncodeToString([]byte(v)))
	}
	if t == Text {
		return appendString(b, v)
	}
	return appendTagged(b, tagText, v)
}

func appendTagged(b []byte, tag, v string) []byte {
	b = append(b, `{"`...)
	b = append(b, tag...)
	b = append(b, `":`...)
	return append(appendString(b, v), '}')
}

// appendString writes a JSON string. The standard library's would also escape <, > and &, which swells what
// people want to read with their eyes when all else has failed.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[done:i]...)
		done = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[done:]...), '"')
}

// parseRow reads a line that appendRow wrote.
func parseRow(line []byte, types []Type) ([]any, error) {
	var cells []json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil {
		return nil, err
	}
	if len(cells) != len(types) {
		return nil, fmt.Errorf("%d values instead of %d", len(cells), len(types))
	}
	row := make([]any, len(cells))
	for i, cell := range cells {
		v, err := parseValue(cell, types[i])
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", i+1, err)
		}
		row[i] = v
	}
	return row, nil
}

func parseValue(cell json.RawMessage, t Type) (any, error) {
	if bytes.Equal(cell, []byte("null")) {
		return nil, nil
	}
	if cell[0] == '{' {
		return parseTagged(cell)
	}
	switch t {
	case Text:
		return parse[string](cell)
	case Bigint:
		return parse[int64](cell)
	case Boolean:
		return parse[bool](cell)
	case Bytea:
		return parse[[]byte](cell)
	default:
		return parse[float64](cell)
	}
}

func parse[T any](cell []byte) (any, error) {
	var v T
	err := json.Unmarshal(cell, &v)
	return v, err
}

func parseTagged(cell []byte) (any, error) {
	var tagged map[string]string
	if err := json.Unmarshal(cell, &tagged); err != nil {
		return nil, err
	}
	for tag, v := range tagged {
		switch tag {
		case tagText:
			return v, nil
		case tagRaw:
			raw, err := base64.StdEncoding.DecodeString(v)
			return string(raw), err
		case tagBytea:
			return base64.StdEncoding.DecodeString(v)
		case tagBigint:
			return strconv.ParseInt(v, 10, 64)
		case tagDouble:
			return strconv.ParseFloat(v, 64)
		}
	}
	return nil, fmt.Errorf("unknown kind of value %.40s", cell)
}
