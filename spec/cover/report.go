package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"tongban/spec"
)

// tally counts the requirements of one module or document.
type tally struct{ all, shown int }

func printTables(out io.Writer, register []spec.Requirement, claims []claim) {
	shown := tests(claims)
	table := func(title string, group func(spec.Requirement) string) {
		counts := map[string]tally{}
		for _, r := range register {
			c, sum := counts[group(r)], counts["all"]
			c.all, sum.all = c.all+1, sum.all+1
			if len(shown[r.ID]) > 0 {
				c.shown, sum.shown = c.shown+1, sum.shown+1
			}
			counts[group(r)], counts["all"] = c, sum
		}
		sum := counts["all"]
		delete(counts, "all")
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(w, "%s\tall\tshown\tnot yet\t\n", title)
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			c := counts[name]
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", name, c.all, c.shown, c.all-c.shown)
		}
		fmt.Fprintf(w, "all\t%d\t%d\t%d\t\n", sum.all, sum.shown, sum.all-sum.shown)
		w.Flush()
	}
	table("module", func(r spec.Requirement) string { return r.Module })
	fmt.Fprintln(out)
	table("document", spec.Requirement.Document)
}

func printList(out io.Writer, register []spec.Requirement, claims []claim) {
	shown := tests(claims)
	fmt.Fprintln(out, "shown:")
	for _, r := range register {
		if by := shown[r.ID]; len(by) > 0 {
			fmt.Fprintf(out, "  %s  %s  %s  %s\n", r.ID, r.Module, r.Zh, strings.Join(by, ", "))
		}
	}
	fmt.Fprintln(out, "not yet:")
	for _, r := range register {
		if len(shown[r.ID]) == 0 {
			fmt.Fprintf(out, "  %s  %s  %s  %s\n", r.ID, r.Module, r.Kind, r.Zh)
		}
	}
}

// tests returns, for each id, the tests that claim it.
func tests(claims []claim) map[string][]string {
	by := map[string][]string{}
	for _, c := range claims {
		by[c.id] = append(by[c.id], c.test+" ("+c.at+")")
	}
	return by
}
