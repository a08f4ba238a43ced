package audit

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxWord is how many characters of a word are kept; two words that differ only later find each other.
const maxWord = 40

// indexWords returns the words under which a text is found, each once: Latin words and numbers whole, compounds
// such as WO-20261121-0007 also whole, and Chinese in overlapping pairs of characters.
func indexWords(texts ...string) []string {
	seen := map[string]bool{}
	for _, t := range texts {
		eachRun(t, func(run []rune, han bool) {
			if han {
				pairs(run, func(w string) { seen[w] = true })
				return
			}
			seen[shortWord(run)] = true
			for _, part := range strings.FieldsFunc(string(run), isJoiner) {
				seen[shortWord([]rune(part))] = true
			}
		})
	}
	words := make([]string, 0, len(seen))
	for w := range seen {
		words = append(words, w)
	}
	slices.Sort(words)
	return words
}

// queryWords returns the words an entry must have to be found by q, the longest first, because it is likely the
// rarest. A single Chinese character is no word.
func queryWords(q string) []string {
	var words []string
	eachRun(q, func(run []rune, han bool) {
		if !han {
			words = append(words, shortWord(run))
		} else if len(run) > 1 {
			pairs(run, func(w string) { words = append(words, w) })
		}
	})
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	words = slices.Compact(words)
	return words[:min(len(words), 8)]
}

// eachRun calls fn with every run of Chinese (also kana and hangul) and every run of other letters, digits and
// joiners between them, folded.
func eachRun(s string, fn func(run []rune, han bool)) {
	var run []rune
	wasHan := false
	flush := func() {
		if !wasHan {
			run = []rune(strings.TrimFunc(string(run), isJoiner))
		}
		if len(run) > 0 {
			fn(run, wasHan)
		}
		run = nil
	}
	for _, r := range norm.NFKC.String(s) {
		r = unicode.ToLower(r)
		han := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
		word := han || unicode.IsLetter(r) || unicode.IsDigit(r) || isJoiner(r)
		if !word || han != wasHan {
			flush()
		}
		if word {
			run, wasHan = append(run, r), han
		}
	}
	flush()
}

func isJoiner(r rune) bool { return r == '-' || r == '_' || r == '.' || r == '@' }

func pairs(run []rune, fn func(string)) {
	if len(run) == 1 {
		fn(string(run))
	}
	for i := 0; i+1 < len(run); i++ {
		fn(string(run[i : i+2]))
	}
}

func shortWord(run []rune) string { return string(run[:min(len(run), maxWord)]) }
