package ui

import (
	"encoding/json"
	"maps"
	"slices"
)

// DiffView is a thing before and after a change, as audit keeps it.
type DiffView struct {
	Caption string
	Before  map[string]any
	After   map[string]any
	Labels  map[string]string // names of keys; a key without one stands for itself
	All     bool              // also what did not change
}

// diffRow is one key of both sides.
type diffRow struct {
	label, before, after string
	kind                 string // "same", "changed", "added" or "removed"
}

func (v DiffView) rows() []diffRow {
	keys := map[string]bool{}
	for k := range v.Before {
		keys[k] = true
	}
	for k := range v.After {
		keys[k] = true
	}
	var rows []diffRow
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		before, had := v.Before[k]
		after, has := v.After[k]
		r := diffRow{label: k, before: show(before), after: show(after), kind: "changed"}
		if l := v.Labels[k]; l != "" {
			r.label = l
		}
		switch {
		case !had:
			r.kind, r.before = "added", ""
		case !has:
			r.kind, r.after = "removed", ""
		case r.before == r.after:
			r.kind = "same"
		}
		if r.kind != "same" || v.All {
			rows = append(rows, r)
		}
	}
	return rows
}

// show writes a value as a reader expects it: texts without quotes, the rest as indented JSON.
func show(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return "?"
	}
	return string(b)
}
