package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// DiffLine is one value that a change touched.
type DiffLine struct {
	Path   string // e.g. "name" or "lines.2.amount"; empty when the whole is no object and no list
	Before string
	After  string
	Was    bool // it was there before
	Is     bool // it is there after
}

// Same reports whether the value did not change.
func (l DiffLine) Same() bool { return l.Was == l.Is && l.Before == l.After }

// maxDiff bounds the lines of one diff. A value within maxValue seldom has as many.
const maxDiff = 2000

// Diff compares two values field by field, in the order of the paths. Values that are no JSON, and those cut,
// are compared as text. more is true when there are more lines than it returns.
func Diff(before, after json.RawMessage) (lines []DiffLine, more bool) {
	was, is := flatten(before), flatten(after)
	paths := slices.Collect(maps.Keys(was))
	for p := range is {
		if _, both := was[p]; !both {
			paths = append(paths, p)
		}
	}
	slices.SortFunc(paths, comparePaths)
	if len(paths) > maxDiff {
		paths, more = paths[:maxDiff], true
	}
	for _, p := range paths {
		b, inBefore := was[p]
		a, inAfter := is[p]
		lines = append(lines, DiffLine{Path: p, Before: b, After: a, Was: inBefore, Is: inAfter})
	}
	return lines, more
}

// comparePaths sorts by name, but numbers of list elements as numbers.
func comparePaths(a, b string) int {
	as, bs := bytes.Split([]byte(a), []byte(".")), bytes.Split([]byte(b), []byte("."))
	return slices.CompareFunc(as, bs, func(x, y []byte) int {
		i, errI := strconv.Atoi(string(x))
		j, errJ := strconv.Atoi(string(y))
		if errI == nil && errJ == nil {
			return i - j
		}
		return bytes.Compare(x, y)
	})
}

// flatten returns the leaves of a JSON value by path.
func flatten(raw json.RawMessage) map[string]string {
	leaves := map[string]string{}
	if len(raw) == 0 {
		return leaves
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // money beyond 2^53 keeps its last digits
	var v any
	if err := d.Decode(&v); err != nil {
		leaves[""] = string(raw)
		return leaves
	}
	collect(leaves, "", v)
	return leaves
}

func collect(leaves map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			collect(leaves, join(path, name), inner)
		}
		if len(v) == 0 && path != "" {
			leaves[path] = "{}"
		}
	case []any:
		for i, inner := range v {
			collect(leaves, join(path, strconv.Itoa(i+1)), inner)
		}
		if len(v) == 0 && path != "" {
			leaves[path] = "[]"
		}
	case string:
		leaves[path] = v
	case nil:
		leaves[path] = ""
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			raw = []byte(err.Error())
		}
		leaves[path] = string(raw)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// CutOf returns the Cut that stands in place of a value, if one does.
func CutOf(raw json.RawMessage) (Cut, bool) {
	var c Cut
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || c.Bytes <= maxValue {
		return Cut{}, false
	}
	return c, true
}
