package brief

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const most = 300 // characters

var private = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|“[^”]*”|[^\s<>"=:,;]+@[^\s<>":,;]+|\d{5,}`)

// Text returns the stored form of err; empty for nil.
func Text(err error) string {
	if err == nil {
		return ""
	}
	s := private.ReplaceAllString(strings.ToValidUTF8(err.Error(), ""), "…")
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "\x00", "")), " ")
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return s
}
