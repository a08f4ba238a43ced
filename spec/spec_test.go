package spec

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRegisterIsWhole(t *testing.T) {
	all, err := Register()
	if err != nil {
		t.Fatal(err)
	}
	documents := map[string]int{}
	for _, r := range all {
		documents[r.Document()]++
		if !knownIDs()[r.ID] {
			t.Errorf("Covers does not know %s", r.ID)
		}
	}
	if len(knownIDs()) != len(all) {
		t.Errorf("Covers knows %d ids, the register has %d", len(knownIDs()), len(all))
	}
	want := map[string]int{"BA": 325, "LP": 125, "MB": 631, "MP": 223, "SP": 77}
	if fmt.Sprint(documents) != fmt.Sprint(want) {
		t.Errorf("requirements by document: %v, want %v", documents, want)
	}
}

func TestLoadRefusesBadEntries(t *testing.T) {
	const good = "- {id: MP-1, clause: '1', zh: 一, asks: a, kind: software, module: audit, shown_by: s}\n"
	cases := []struct{ name, text, want string }{
		{"twice", good + good, "MP-1 stands twice"},
		{"incomplete", "- {id: MP-2, clause: '1', zh: 一, kind: software, module: audit, shown_by: s}", `"MP-2" is incomplete`},
		{"unknown kind", strings.Replace(good, "software", "soft", 1), `unknown kind "soft"`},
		{"unknown key", strings.Replace(good, "asks", "ask", 1), "field ask not found"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(fstest.MapFS{"MP.yaml": {Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := Load(fstest.MapFS{"MP.yaml": {Data: []byte(good)}}); err != nil {
		t.Errorf("a good register is refused: %v", err)
	}
}

// verdict records how a test that calls Covers ends.
type verdict struct {
	testing.TB
	failure string
}

func (v *verdict) Helper() {}

func (v *verdict) Fatal(args ...any) {
	v.failure = fmt.Sprint(args...)
	runtime.Goexit()
}

func (v *verdict) Fatalf(format string, args ...any) { v.Fatal(fmt.Sprintf(format, args...)) }

func covers(ids ...string) string {
	v := &verdict{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Covers(v, ids...)
	}()
	<-done
	return v.failure
}

func TestCovers(t *testing.T) {
	cases := []struct {
		name string
		ids  []string
		want string
	}{
		{"known", []string{"MP-5.2-e-1", "BA-3.1"}, ""},
		{"unknown", []string{"MP-5.2-e-1", "MP-0"}, `the register has no requirement "MP-0"`},
		{"none", nil, "spec.Covers names no requirement"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := covers(c.ids...); got != c.want {
				t.Errorf("the test ended with %q, want %q", got, c.want)
			}
		})
	}
}
