package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is one thing wrong with a configuration.
type Fault struct {
	Key     string // the setting, or what stands in its place
	Source  string // file and line, variable or flag
	Message string // what is wrong and what to do; never the text of a secret
}

// String writes the fault in one line: source, key and message.
func (f Fault) String() string {
	if f.Key == "" {
		return f.Source + ": " + f.Message
	}
	return fmt.Sprintf("%s: %s: %s", f.Source, f.Key, f.Message)
}

// Error is every fault of a configuration.
type Error struct{ Faults []Fault }

// Error lists the faults, one a line.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Faults)+1)
	if n := len(e.Faults); n == 1 {
		lines = append(lines, "the configuration has a fault:")
	} else {
		lines = append(lines, fmt.Sprintf("the configuration has %d faults:", n))
	}
	for _, f := range e.Faults {
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(lines, "\n")
}

// unknown is the fault of a name that no key has. similar are the names a source could have meant.
func unknown(name, source string, similar []string) Fault {
	f := Fault{Key: shorten(name), Source: source, Message: "there is no such key"}
	if meant, ok := closest(name, similar); ok {
		f.Message += fmt.Sprintf("; did you mean %s?", meant)
	} else {
		f.Message += "; docs/configuration.md and tongban serve --help list them"
	}
	return f
}

// notAllowed is the fault of a value its key does not take. The value of a secret key is not repeated.
func notAllowed(k Key, s Setting) Fault {
	value := fmt.Sprintf("%q is", shorten(s.Text))
	switch {
	case k.Secret:
		value = "the value is"
	case s.List != nil:
		value = fmt.Sprintf("the list %q is", shorten(s.String()))
	case s.Map != nil:
		value = "a mapping is"
	}
	return Fault{Key: k.Name, Source: s.Source, Message: value + " not allowed; want " + k.Allowed}
}

const longestShown = 60

// shorten cuts a text from outside to what an error message can bear, without control characters.
func shorten(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > longestShown {
		return string(runes[:longestShown]) + "…"
	}
	return s
}

// closest returns the candidate that name was most likely meant to be, if any is near enough: the same but for
// its separators and case, or a few typing mistakes away, or the last part of exactly one.
func closest(name string, candidates []string) (string, bool) {
	if len(name) > 2*longestShown {
		return "", false
	}
	best, least := "", 1+max(1, len(flat(name))/4)
	for _, c := range candidates {
		if d := distance(flat(name), flat(c)); d < least {
			best, least = c, d
		}
	}
	if best != "" {
		return best, true
	}
	var ending []string
	for _, c := range candidates {
		if strings.HasSuffix(flat(c), flat(name)) && len(flat(name)) > 2 {
			ending = append(ending, c)
		}
	}
	if len(ending) == 1 {
		return ending[0], true
	}
	return "", false
}

func flat(s string) string {
	return strings.ToLower(strings.NewReplacer(".", "", "_", "", "-", "").Replace(s))
}

// distance counts the characters to be inserted, removed, replaced or swapped with their neighbour to make a
// into b.
func distance(a, b string) int {
	previous, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	var before []int
	for i := 1; i <= len(a); i++ {
		before, previous, row = previous, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
