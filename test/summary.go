package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of "go test -json".
type event struct {
	Action      string
	Package     string
	ImportPath  string // of a package being built
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// summary is what a run of go test came to.
type summary struct {
	lines                   []string // the line of each package, as go test prints it
	passed, failed, skipped int
}

// pack is a package whose tests run.
type pack struct {
	output  []event
	results map[string]string // test → "pass", "fail" or "skip"; empty while it runs
	line    string
}

// summarise reads the events of a run. While it reads, it prints to live: that a package is done, compiler
// messages, and all that failing tests and packages printed.
func summarise(events io.Reader, live io.Writer) (*summary, error) {
	sum := &summary{}
	packs := map[string]*pack{}
	decoder := json.NewDecoder(events)
	for {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return sum, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the output of go test: %w", err)
		}
		if e.Action == "build-output" {
			fmt.Fprint(live, e.Output)
			continue
		}
		if e.Package == "" {
			continue
		}
		p := packs[e.Package]
		if p == nil {
			p = &pack{results: map[string]string{}}
			packs[e.Package] = p
		}
		if p.take(e) {
			delete(packs, e.Package)
			sum.add(p, e, live)
		}
	}
}

// take notes an event. It reports true when the package is done.
func (p *pack) take(e event) bool {
	switch e.Action {
	case "run":
		p.results[e.Test] = ""
	case "output":
		if e.Test == "" && isPackageLine(e.Output) {
			p.line = strings.TrimRight(e.Output, "\n")
		} else if !strings.HasPrefix(e.Output, "=== ") {
			p.output = append(p.output, e)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			return true
		}
		p.results[e.Test] = e.Action
	}
	return false
}

func isPackageLine(s string) bool {
	return strings.HasPrefix(s, "ok  \t") || strings.HasPrefix(s, "FAIL\t") || strings.HasPrefix(s, "?   \t")
}

// add counts a package that is done with the event end.
func (s *summary) add(p *pack, end event, live io.Writer) {
	failed := 0
	for test, result := range p.results {
		if p.isGroup(test, result) {
			continue
		}
		switch result {
		case "pass":
			s.passed++
		case "skip":
			s.skipped++
		default: // failed, or the program ended while it ran
			failed++
		}
	}
	if end.Action == "fail" {
		failed = max(failed, 1) // it did not compile, or it ended outside its tests
		p.printFailures(live)
	}
	fmt.Fprintf(live, "    %s %s (%.1fs)\n", end.Action, end.Package, end.Elapsed)
	s.failed += failed
	if p.line != "" {
		s.lines = append(s.lines, p.line)
	}
}

// isGroup reports whether a test is already counted through its subtests.
func (p *pack) isGroup(test, result string) bool {
	group := false
	for other, r := range p.results {
		if !strings.HasPrefix(other, test+"/") {
			continue
		}
		group = true
		if r != "pass" && r != "skip" {
			return true
		}
	}
	return group && result == "pass"
}

// printFailures prints what the package and its failing tests printed.
func (p *pack) printFailures(live io.Writer) {
	for _, e := range p.output {
		r := p.results[e.Test]
		if r != "pass" && r != "skip" && e.Output != "PASS\n" && e.Output != "FAIL\n" {
			fmt.Fprint(live, e.Output)
		}
	}
	for test, r := range p.results {
		if r == "" {
			fmt.Fprintf(live, "    the program ended while %s ran\n", test)
		}
	}
}

// print writes the end of the run: the packages, those that failed last, and the count of tests.
func (s *summary) print(out io.Writer) {
	slices.SortFunc(s.lines, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	for _, line := range s.lines {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}

// rank sorts the lines of packages by their first letter: without tests, passed, failed.
func rank(line string) int { return strings.IndexByte("?oF", line[0]) }
