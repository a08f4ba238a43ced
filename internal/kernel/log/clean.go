package log

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// clean is the second and third wall: it looks at each attribute just before it is written.
func clean(groups []string, a slog.Attr) slog.Attr {
	if sensitive(a.Key) || slices.ContainsFunc(groups, sensitive) {
		return mask(a)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, scrub(a.Value.String()))
	case slog.KindAny:
		return slog.Attr{Key: a.Key, Value: plain(a.Value.Any())}
	}
	return a
}

// mask hides a value; an empty text, a truth and a duration (token=true, session_idle=30m) tell nothing.
func mask(a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindBool, slog.KindDuration:
		return a
	case slog.KindString:
		if a.Value.String() == "" {
			return a
		}
	}
	return slog.String(a.Key, masked)
}

// plain turns a value of any type into one that can be written. It prints only what its type has decided to
// show (errors, Stringers) and plain numbers and texts; never what lies inside a structure.
func plain(v any) slog.Value {
	switch v := v.(type) {
	case nil, slog.Level:
		return slog.AnyValue(v)
	case slog.LogValuer: // inside a list; slog resolves the others
		return clean(nil, slog.Attr{Value: slog.AnyValue(v).Resolve()}).Value
	case slog.Attr, []slog.Attr, *http.Cookie, []byte: // those print more than they should
		return notLogged(v)
	case *url.URL:
		return slog.StringValue(address(v))
	case error:
		return slog.StringValue(scrub(safeText(v.Error)))
	case fmt.Stringer:
		return slog.StringValue(scrub(safeText(v.String)))
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64, reflect.String:
		return slog.StringValue(scrub(fmt.Sprint(v)))
	case reflect.Slice:
		return list(r)
	}
	return notLogged(v)
}

// address returns u without user, query and fragment, where secrets and searched-for names stand.
func address(u *url.URL) string {
	if u == nil {
		return ""
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, Opaque: u.Opaque}
	return scrub(bare.String())
}

// list writes a slice whose elements can be written.
func list(r reflect.Value) slog.Value {
	texts := make([]string, 0, min(r.Len(), maxListed+1))
	for i := range r.Len() {
		if i == maxListed {
			texts = append(texts, fmt.Sprintf("… %d in all", r.Len()))
			break
		}
		element := plain(r.Index(i).Interface())
		texts = append(texts, element.String())
	}
	return slog.StringValue("[" + strings.Join(texts, " ") + "]")
}

// maxListed bounds what one attribute can write.
const maxListed = 20

func notLogged(v any) slog.Value { return slog.StringValue(fmt.Sprintf("[%T not logged]", v)) }

// safeText returns what f says; a nil pointer behind an interface must not stop the program for a log line.
func safeText(f func() string) (s string) {
	defer func() {
		if recover() != nil {
			s = "[unprintable]"
		}
	}()
	return f()
}

// sensitiveNames are the words, or words in a row, by which an attribute's name gives itself away.
var sensitiveNames = names("password", "passwd", "pwd", "passphrase", "secret", "token", "authorization", "cookie",
	"credential", "api key", "private key", "signing key", "dsn", "otp", "pin", "cvv", "cvc", "session id",
	"id number", "id no", "id card", "identity number", "passport", "phone", "mobile", "tel", "email", "card",
	"account number", "real name", "full name", "home address", "birthday")

type sensitiveName struct {
	words  []string
	joined string
}

func names(texts ...string) []sensitiveName {
	list := make([]sensitiveName, len(texts))
	for i, text := range texts {
		list[i] = sensitiveName{strings.Fields(text), strings.ReplaceAll(text, " ", "")}
	}
	return list
}

// certainLength is from where on a word gives a name away also inside another: accesstoken, but not discard.
const certainLength = 5

// gives reports whether name, of which joined are the letters, contains s.
func (s sensitiveName) gives(name, joined string) bool {
	if !strings.Contains(joined, s.joined) {
		return false
	}
	if len(s.words) == 1 && len(s.joined) >= certainLength {
		return true
	}
	words := splitName(name)
	return containsWords(words, s.words) || slices.Contains(words, s.joined) // id_number or idnumber, not session_idle
}

func sensitive(name string) bool {
	joined := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	for _, s := range sensitiveNames {
		if s.gives(name, joined) {
			return true
		}
	}
	return false
}

func containsWords(words, sought []string) bool {
	for i := 0; i+len(sought) <= len(words); i++ {
		if slices.Equal(words[i:i+len(sought)], sought) {
			return true
		}
	}
	return false
}

// splitName splits X-Auth-Token, accessToken and access_tokens into their words, lower case and singular.
func splitName(name string) []string {
	var words []string
	word := strings.Builder{}
	flush := func() {
		if word.Len() > 0 {
			words = append(words, singular(word.String()))
			word.Reset()
		}
	}
	lower := false
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			lower = false
			continue
		}
		if unicode.IsUpper(r) && lower {
			flush()
		}
		lower = !unicode.IsUpper(r)
		word.WriteRune(unicode.ToLower(r))
	}
	flush()
	return words
}

func singular(word string) string {
	if strings.HasSuffix(word, "ss") || len(word) < 4 { // address
		return word
	}
	return strings.TrimSuffix(word, "s")
}

var (
	userinfo = regexp.MustCompile(`(://[^/?#\s:@"']*):[^/?#\s"']*@`)
	// A colon with a space after it is how Go wraps errors ("read token: unexpected end"), not an assignment.
	assignment = regexp.MustCompile(`(?i)((?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key)(?:\s?=\s?|:|["']\s*:\s*))(?:"[^"]*"|'[^']*'|[^\s"'&,;]+)`)
	bearer     = regexp.MustCompile(`(?i)\b(bearer\s+)[a-z0-9._~+/=-]{16,}`)
	headers    = regexp.MustCompile(`(?i)\b(authorization["']?\s*[:=]\s*["']?(?:bearer|basic|digest)\s+|(?:set-)?cookie["']?\s*[:=]\s*["']?[^=\s"']+=)[^\r\n"']+`)
)

// scrub masks what gives itself away inside a text. The tests before the patterns keep it cheap for the many
// texts that are plain words.
func scrub(s string) string {
	if strings.Contains(s, "@") {
		s = userinfo.ReplaceAllString(s, "$1:"+masked+"@")
	}
	if strings.ContainsAny(s, "=:") {
		s = headers.ReplaceAllString(s, "${1}"+masked)
		s = assignment.ReplaceAllString(s, "${1}"+masked)
	}
	if strings.Contains(s, "earer ") {
		s = bearer.ReplaceAllString(s, "${1}"+masked)
	}
	if len(s) < shortestNumber {
		return s
	}
	return scrubNumbers(s)
}

// shortestNumber is the length of a mobile phone number, the shortest that scrub knows.
const shortestNumber = 11

// scrubNumbers masks the numbers of identity cards, mobile phones and bank cards that stand alone in s.
func scrubNumbers(s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		if !isDigit(s[i]) {
			i++
			continue
		}
		start := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i-start == 17 && i < len(s) && (s[i] == 'X' || s[i] == 'x') {
			i++ // the check character of an identity number
		}
		if i-start < shortestNumber || inWord(s, start-1) || inWord(s, i) || !personalNumber(s[start:i]) {
			continue
		}
		b.WriteString(s[done:start])
		b.WriteString("[number]")
		done = i
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// inWord reports whether a letter, digit or underscore stands at i: then the digits beside it are part of an id.
func inWord(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i]
	return c == '_' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func personalNumber(n string) bool {
	switch len(n) {
	case shortestNumber + 2: // with the country's code
		return strings.HasPrefix(n, "86") && personalNumber(n[2:])
	case shortestNumber:
		return n[0] == '1' && n[1] >= '3' && n[1] <= '9'
	case 18:
		if identityNumber(n) {
			return true
		}
	}
	return 15 <= len(n) && len(n) <= 19 && isDigit(n[len(n)-1]) && n[0] >= '3' && n[0] <= '6' && luhn(n)
}

// identityNumber checks a resident identity number of GB 11643: 17 digits and a check character.
func identityNumber(n string) bool {
	sum := 0
	for i, weight := range [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(n[i]-'0') * weight
	}
	return "10X98765432"[sum%11] == strings.ToUpper(n)[17]
}

// luhn checks the last digit of a bank card number.
func luhn(n string) bool {
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
