package audit

import (
	"encoding/json"
	"slices"
	"testing"

	"tongban/internal/kernel/i18n"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                   {},
		"张伟民":                {"伟民", "张伟"},
		"张":                  {"张"},
		"WO-20261121-0007":   {"0007", "20261121", "wo", "wo-20261121-0007"},
		"Ｌｉ.Lei 李雷, (ok)":    {"lei", "li", "li.lei", "ok", "李雷"},
		"--- ' or 1=1 ; %_%": {"1", "or"},
	} {
		if got := indexWords(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string][]string{
		"张": nil, "张伟民 WO-1": {"伟民", "张伟", "wo-1"}, "%%%": nil,
	} {
		if got := queryWords(text); !slices.Equal(got, want) {
			t.Errorf("search %q: got %v, want %v", text, got, want)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before, after string
		want                []DiffLine
	}{
		{"made", ``, `{"a":1}`, []DiffLine{{Path: "a", After: "1", Is: true}}},
		{"gone", `{"a":1}`, ``, []DiffLine{{Path: "a", Before: "1", Was: true}}},
		{"same", `{"a":true}`, `{"a":true}`, []DiffLine{{Path: "a", Before: "true", After: "true", Was: true, Is: true}}},
		{"money", `{"a":9007199254740993}`, `{"a":9007199254740992}`, []DiffLine{{Path: "a", Before: "9007199254740993", After: "9007199254740992", Was: true, Is: true}}},
		{"emptied", `{"a":[1]}`, `{"a":[]}`, []DiffLine{{Path: "a", After: "[]", Is: true}, {Path: "a.1", Before: "1", Was: true}}},
		{"null is there", `{"a":null}`, `{}`, []DiffLine{{Path: "a", Was: true}}},
		{"a text alone", `"x"`, `"y"`, []DiffLine{{Before: "x", After: "y", Was: true, Is: true}}},
		{"damaged", `{"a":`, ``, []DiffLine{{Before: `{"a":`, Was: true}}},
	} {
		got, more := Diff(json.RawMessage(c.before), json.RawMessage(c.after))
		if !slices.Equal(got, c.want) || more {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
	long := make([]int, maxDiff+1)
	raw, err := json.Marshal(long)
	if err != nil {
		t.Fatal(err)
	}
	if lines, more := Diff(nil, raw); len(lines) != maxDiff || !more || lines[9].Path != "10" {
		t.Errorf("%d lines, more %t", len(lines), more)
	}
}

func TestWordsAreWhole(t *testing.T) {
	t.Parallel()
	b, err := i18n.New(i18n.Words, words)
	if err != nil {
		t.Fatal(err)
	}
	loc := b.Locale(i18n.ZhCN, nil)
	keys := []string{"perm." + string(PermRead), "error." + ErrNotFound.Code, "thing." + ThingLog, "thing." + ThingEntry}
	for _, o := range (&Service{}).Module().Operations {
		keys = append(keys, "op."+o.Spec.Name)
	}
	for _, k := range keys {
		if !loc.Has(k) {
			t.Errorf("there is no word for %s", k)
		}
	}
}

func FuzzDiff(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `[]`)
	f.Fuzz(func(_ *testing.T, a, b string) {
		Diff(json.RawMessage(a), json.RawMessage(b))
		CutOf(json.RawMessage(a))
		indexWords(a)
		queryWords(b)
	})
}
