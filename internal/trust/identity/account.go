package identity

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
)

// Kind tells people from programs.
type Kind string

// The kinds of accounts.
const (
	Person  Kind = "person"
	Program Kind = "service" // a program; it signs in with tokens only
)

// State tells whether an account may be used.
type State string

// The states of an account.
const (
	Active   State = "active"
	Disabled State = "disabled"
)

// Account is a person or a program that may sign in.
type Account struct {
	ID         string    `json:"id"`
	Login      string    `json:"login"`
	Name       string    `json:"name"`
	Kind       Kind      `json:"kind"`
	State      State     `json:"state"`
	Unit       string    `json:"unit"` // the part of the organisation, as text
	Roles      []string  `json:"roles"`
	MustChange bool      `json:"must_change"` // the password is known to somebody else and opens nothing
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	SignedInAt time.Time `json:"signed_in_at,omitzero"`
	Version    int64     `json:"version"` // counts changes; an update names the one it saw
}

// Kinds of things in audit entries.
const (
	ThingAccount      = "identity.account"
	ThingSearch       = "identity.account_search" // a look at the list, of which the label is the filter
	ThingRole         = "identity.role"
	ThingSession      = "identity.session"
	ThingToken        = "identity.token"
	ThingOrganisation = "identity.organisation"
	ThingSetup        = "identity.setup"
)

// Thing names the account in audit entries and searches.
func (a Account) Thing() op.Thing {
	return op.Thing{Kind: ThingAccount, ID: a.ID, Label: a.Name + " " + a.Login}
}

// Limits in characters.
const (
	minLogin = 2
	maxLogin = 64
	maxName  = 80
	maxUnit  = 80
)

// LoginKey folds a login so that "Zhang.San" and "ｚｈａｎｇ.san" are the same account.
func LoginKey(login string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(login)))
}

// checkLogin returns what is wrong with a login.
func checkLogin(login string) []errs.Field {
	n := utf8.RuneCountInString(login)
	if n < minLogin || n > maxLogin {
		return []errs.Field{{Name: "login", Code: "identity.login_length", Params: map[string]any{"min": minLogin, "max": maxLogin}}}
	}
	for _, r := range LoginKey(login) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@", r) || unfilled(r) {
			return []errs.Field{{Name: "login", Code: "identity.login_characters"}}
		}
	}
	return nil
}

// checkText returns what is wrong with one line of text. What cannot be seen is refused, since it makes two names look
// alike or one read backwards.
func checkText(field, s string, limit int, required bool) []errs.Field {
	switch {
	case required && !strings.ContainsFunc(s, visible):
		return []errs.Field{{Name: field, Code: "required"}}
	case strings.ContainsFunc(s, breaksLine), strings.TrimSpace(s) != "" && !strings.ContainsFunc(s, visible):
		return []errs.Field{{Name: field, Code: "bad_format"}}
	}
	return checkLines(field, s, limit)
}

// checkLines returns what is wrong with a text of several lines.
func checkLines(field, s string, limit int) []errs.Field {
	switch {
	case utf8.RuneCountInString(s) > limit:
		return []errs.Field{{Name: field, Code: "too_long", Params: map[string]any{"max": limit}}}
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r)
	}):
		return []errs.Field{{Name: field, Code: "bad_format"}}
	}
	return nil
}

func breaksLine(r rune) bool { return r == '\n' || r == '\u2028' || r == '\u2029' }

// visible reports whether a reader sees anything of the character by itself.
func visible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !unfilled(r)
}

// unfilled reports whether a character counts as a letter or symbol but is drawn as nothing, such as U+3164.
func unfilled(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == '\u2800'
}

// searchWords returns the words under which an account is found by their beginnings: Latin words from each part
// of a compound on, Chinese from each character on.
func searchWords(texts ...string) []string {
	var words []string
	for _, t := range texts {
		for _, run := range textRuns(t) {
			chars := []rune(run)
			for i := range chars {
				if i == 0 || isHan(chars[i]) || isJoiner(chars[i-1]) && !isJoiner(chars[i]) {
					words = append(words, string(chars[i:min(len(chars), i+maxWord)]))
				}
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

const (
	maxWord  = 24 // characters of a word that count
	maxTerms = 4  // words of a search that count
)

// searchTerms returns the beginnings all of which an account must have to be found, the longest first.
func searchTerms(q string) []string {
	terms := textRuns(q)
	for i, t := range terms {
		chars := []rune(t)
		terms[i] = string(chars[:min(len(chars), maxWord)])
	}
	slices.SortStableFunc(terms, func(a, b string) int { return len(b) - len(a) })
	return terms[:min(len(terms), maxTerms)]
}

// textRuns splits a text into folded runs of Chinese and of other letters, digits and joiners.
func textRuns(s string) []string {
	var runs []string
	var run []rune
	flush := func() {
		if word := strings.TrimFunc(string(run), isJoiner); word != "" {
			runs = append(runs, word)
		}
		run = run[:0]
	}
	for _, r := range norm.NFKC.String(s) {
		r = unicode.ToLower(r)
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !isJoiner(r) {
			flush()
			continue
		}
		if len(run) > 0 && isHan(r) != isHan(run[len(run)-1]) {
			flush()
		}
		run = append(run, r)
	}
	flush()
	return runs
}

func isJoiner(r rune) bool { return r == '.' || r == '_' || r == '-' || r == '@' }

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }
