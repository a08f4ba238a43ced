package log

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"unicode/utf8"
)

// masked stands where something sensitive stood.
const masked = "[secret]"

// Secret is a text that no log line, page, error or JSON body ever shows. Reveal gives the text itself.
type Secret string

// Reveal returns the text, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns [secret], or nothing for the empty secret, so that one can see whether it is set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// Format writes String whatever the verb: %s, %v, %q, %x and %#v show no part of the text.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps the text out of JSON, YAML and XML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Person is the name, login or address of a human being. It shows as its first character, which is enough to
// recognise a line one is looking for, and no more. Where a line has to lead back to somebody, log the id.
type Person string

// Reveal returns the text itself.
func (p Person) Reveal() string { return string(p) }

// String returns the first character and two asterisks.
func (p Person) String() string {
	if p == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(string(p))
	if size == len(p) {
		return "**" // a name of one character would stand there whole
	}
	return string(first) + "**"
}

// Format writes String whatever the verb.
func (p Person) Format(f fmt.State, _ rune) { fmt.Fprint(f, p.String()) }

// LogValue implements slog.LogValuer.
func (p Person) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalJSON refuses: a page or an answer that shows a person has to say so with Reveal, and a masked name
// stored by mistake would be lost.
func (p Person) MarshalJSON() ([]byte, error) {
	return nil, &json.UnsupportedValueError{Str: "log.Person: use Reveal, or another type"}
}
