package identity

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tongban/internal/kernel/errs"
)

// Password rules.
const (
	minPassword = 10  // characters
	maxPassword = 128 // characters; the work of hashing does not grow with it
	minDistinct = 5   // different characters
	minResidue  = 6   // characters that must remain when login, name and common words are taken out
)

//go:embed common_passwords.txt
var commonText string

// commonPasswords are passwords and the words they are made of that guessers try first, folded.
var commonPasswords = sync.OnceValue(func() []string {
	var list []string
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
})

// keyboardRows are what fingers run along.
var keyboardRows = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
	"qazwsxedcrfvtgbyhnujmikolp", "!@#$%^&*()",
}

// checkPassword returns what is wrong with a new password for the account with this login and name.
func checkPassword(field, password, login, name string) []errs.Field {
	fault := func(code string, params map[string]any) []errs.Field {
		return []errs.Field{{Name: field, Code: code, Params: params}}
	}
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return fault("identity.password_short", map[string]any{"min": minPassword})
	case n > maxPassword:
		return fault("too_long", map[string]any{"max": maxPassword})
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return fault("bad_format", nil)
	}
	folded := foldPassword(password)
	if distinct(folded) < minDistinct || isRun(folded) {
		return fault("identity.password_simple", nil)
	}
	rest := folded
	for _, own := range []string{LoginKey(login), foldPassword(strings.ReplaceAll(name, " ", ""))} {
		if utf8.RuneCountInString(own) >= 3 {
			rest = strings.ReplaceAll(rest, own, "")
		}
	}
	if utf8.RuneCountInString(rest) < minResidue {
		return fault("identity.password_personal", nil)
	}
	if slices.Contains(commonPasswords(), folded) || utf8.RuneCountInString(withoutCommon(folded)) < minResidue {
		return fault("identity.password_common", nil)
	}
	return nil
}

var unleet = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

func foldPassword(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

// withoutCommon takes common words and passwords out of s, also where figures stand for letters.
func withoutCommon(s string) string {
	folded := []rune(s)
	for {
		at, n := findCommon(folded)
		if n == 0 {
			return string(folded)
		}
		folded = slices.Delete(folded, at, at+n)
	}
}

// findCommon returns where the longest common word of four and more characters stands in s; n is 0 when none does.
func findCommon(s []rune) (at, n int) {
	plain := []rune(unleet.Replace(string(s))) // as many characters as s
	for _, word := range commonPasswords() {
		w := []rune(word)
		for i := 0; len(w) >= 4 && i+len(w) <= len(s); i++ {
			if slices.Equal(s[i:i+len(w)], w) || slices.Equal(plain[i:i+len(w)], w) {
				return i, len(w)
			}
		}
	}
	return 0, 0
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// isRun reports whether s is little more than steps along the alphabet, the figures or the keyboard, forwards or
// backwards, or one piece repeated.
func isRun(s string) bool {
	chars := []rune(s)
	steps := 0
	for i := 1; i < len(chars); i++ {
		if chars[i] == chars[i-1] || neighbours(chars[i-1], chars[i]) {
			steps++
		}
	}
	if steps*4 >= (len(chars)-1)*3 {
		return true
	}
	for size := 1; size <= 4 && size*2 <= len(chars); size++ {
		if strings.HasPrefix(strings.Repeat(string(chars[:size]), len(chars)/size+1), s) {
			return true
		}
	}
	return false
}

func neighbours(a, b rune) bool {
	for _, row := range keyboardRows {
		if strings.Contains(row, string([]rune{a, b})) || strings.Contains(row, string([]rune{b, a})) {
			return true
		}
	}
	return false
}

// foldForm makes the same password typed on different keyboards the same: composed and full-width forms are
// joined; upper and lower case stay apart.
func foldForm(s string) string { return norm.NFKC.String(s) }

// oneTimeAlphabet has no characters that look alike on paper or by telephone.
const oneTimeAlphabet = "abcdefghjkmnpqrstuvwxyz23456789"

// oneTimePassword returns a random password of some 59 bits, in groups that are easy to read out.
func oneTimePassword() string {
	var b strings.Builder
	for i := range 12 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(oneTimeAlphabet[randomBelow(len(oneTimeAlphabet))])
	}
	return b.String()
}
