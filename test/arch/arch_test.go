package arch

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/bad.golden anew")

// TestTongban holds the rules over the program.
func TestTongban(t *testing.T) {
	tree, err := Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Packages) < 5 || len(tree.Words) < 5 {
		t.Fatalf("read %d packages and %d words: this is not the program", len(tree.Packages), len(tree.Words))
	}
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			for _, f := range rule.Check(tree, Tongban()) {
				t.Error(f)
			}
		})
	}
}

// badPlan allows things for no reason, without need, and in circles.
func badPlan() *Plan {
	return &Plan{
		Base: []string{"identity", "audit"},
		Edges: []Edge{
			{"desk", "knowledge", "tickets name articles"},
			{"knowledge", "desk", "articles name tickets"},
			{"desk", "analytics", "figures on the desk"},
			{"calls", "desk", ""},
			{"retail", "ledger", "customers have accounts"},
		},
		Reads:    []Allowance{{"analytics reads desk_ticket", "figures by day"}},
		Engines:  []Allowance{{"internal/kernel/db", "hides the engines"}},
		Panics:   []Allowance{{"internal/care/desk.Gone", "was removed"}},
		Writes:   []Allowance{{"internal/care/desk.Seldom", "was removed"}},
		Oversize: []Allowance{{"internal/care/desk.Short", ""}},
		Limits: Limits{
			Function: 20, FunctionP95: 10, File: 30, Package: 60, TestFunction: 20, TestFile: 40, Template: 5,
		},
	}
}

// TestBadExample compares what the rules say about testdata/bad with testdata/bad.golden.
func TestBadExample(t *testing.T) {
	tree, err := Load("testdata/bad")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, rule := range Rules() {
		found := rule.Check(tree, badPlan())
		if len(found) == 0 {
			t.Errorf("the rule %s finds nothing in the bad example", rule.Name)
		}
		for _, f := range found {
			lines = append(lines, f.String())
		}
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile("testdata/bad.golden", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/bad.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(want), "\n") {
		if !slices.Contains(lines, line) && line != "" {
			t.Errorf("not found: %s", line)
		}
	}
	for _, line := range lines {
		if !strings.Contains(string(want), line+"\n") {
			t.Errorf("found too much: %s", line)
		}
	}
}

// TestGoodExample shows that the rules are silent about a module built as it should be.
func TestGoodExample(t *testing.T) {
	tree, err := Load("testdata/good")
	if err != nil {
		t.Fatal(err)
	}
	plan := &Plan{Base: []string{"identity", "audit"}, Limits: Tongban().Limits}
	for _, rule := range Rules() {
		for _, f := range rule.Check(tree, plan) {
			t.Error(f)
		}
	}
}
