package i18n

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

// The languages, the first being the default.
const (
	ZhCN = "zh-CN"
	En   = "en"
)

// Languages lists the languages the program speaks, the default first.
func Languages() []string { return []string{ZhCN, En} }

var matcher = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

// Match returns the language for an Accept-Language header; the default when none of its languages is spoken.
func Match(header string) string {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return ZhCN
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return ZhCN
	}
	return Languages()[i]
}

// Bundle is the joined, checked vocabulary of the program. It does not change after New.
type Bundle struct {
	texts map[string]map[string]text // language → key → parsed text
}

// New joins the "locales" folders of the packages. It returns every fault it finds, joined.
func New(folders ...fs.FS) (*Bundle, error) {
	b := &Bundle{texts: map[string]map[string]text{}}
	var faults []error
	for _, lang := range Languages() {
		b.texts[lang] = map[string]text{}
		for _, folder := range folders {
			faults = append(faults, b.load(folder, lang))
		}
	}
	faults = append(faults, b.compare())
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Bundle) load(folder fs.FS, lang string) error {
	raw, err := fs.ReadFile(folder, "locales/"+lang+".yaml")
	if err != nil {
		return fmt.Errorf("read translations: %w", err)
	}
	var words map[string]string
	if err := yaml.Unmarshal(raw, &words); err != nil {
		return fmt.Errorf("parse translations %s: %w", lang, err)
	}
	for key, s := range words {
		if _, twice := b.texts[lang][key]; twice {
			return fmt.Errorf("translation %s %q stands twice", lang, key)
		}
		t, err := parse(s)
		if err != nil {
			return fmt.Errorf("translation %s %q: %w", lang, key, err)
		}
		b.texts[lang][key] = t
	}
	return nil
}

// compare reports keys one language lacks and texts whose values differ.
func (b *Bundle) compare() error {
	var faults []error
	for _, lang := range Languages() {
		for _, other := range Languages() {
			for key, t := range b.texts[lang] {
				o, ok := b.texts[other][key]
				if !ok {
					faults = append(faults, fmt.Errorf("translation %q is missing in %s", key, other))
				} else if !slices.Equal(t.values(), o.values()) && lang < other {
					faults = append(faults, fmt.Errorf("translation %q names other values in %s than in %s", key, lang, other))
				}
			}
		}
	}
	return errors.Join(faults...)
}

// Keys returns all keys, sorted.
func (b *Bundle) Keys() []string { return slices.Sorted(maps.Keys(b.texts[ZhCN])) }

// Locale returns the locale for a language of Languages (another one gives the default) in zone.
func (b *Bundle) Locale(lang string, zone *time.Location) Locale {
	if _, ok := b.texts[lang]; !ok {
		lang = ZhCN
	}
	if zone == nil {
		zone = time.UTC
	}
	return Locale{bundle: b, lang: lang, zone: zone}
}

// Locale is how to speak to one reader: language and time zone. The zero value shows keys, for tests of
// packages without words.
type Locale struct {
	bundle *Bundle
	lang   string
	zone   *time.Location
}

// Lang returns the language as it stands in the html lang attribute.
func (l Locale) Lang() string {
	if l.lang == "" {
		return ZhCN
	}
	return l.lang
}

// Zone returns the time zone in which times are shown.
func (l Locale) Zone() *time.Location {
	if l.zone == nil {
		return time.UTC
	}
	return l.zone
}

// Has reports whether key is known.
func (l Locale) Has(key string) bool {
	if l.bundle == nil {
		return false
	}
	_, ok := l.bundle.texts[l.lang][key]
	return ok
}

// T returns the text of key with its values, given as name, value pairs. An unknown key is returned as it is,
// which a test over all pages refuses.
func (l Locale) T(key string, pairs ...any) string {
	if l.bundle == nil {
		return key
	}
	t, ok := l.bundle.texts[l.lang][key]
	if !ok {
		return key
	}
	return t.render(func(name string) (any, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return nil, false
	})
}

// TMap is T with the values in a map, as errs keeps them.
func (l Locale) TMap(key string, values map[string]any) string {
	pairs := make([]any, 0, 2*len(values))
	for name, v := range values {
		pairs = append(pairs, name, v)
	}
	return l.T(key, pairs...)
}

type localeKey struct{}

// With returns a context that carries l.
func With(ctx context.Context, l Locale) context.Context {
	return context.WithValue(ctx, localeKey{}, l)
}

// From returns the locale of ctx, or the zero Locale.
func From(ctx context.Context) Locale {
	l, _ := ctx.Value(localeKey{}).(Locale)
	return l
}

// text is a parsed translation: literal pieces and values in turn.
type text []piece

type piece struct {
	literal     string
	value       string // the name of a value; empty for a literal
	one, many   string // for a plural choice on value
	isPluralFor bool
}

func parse(s string) (text, error) {
	var t text
	for s != "" {
		open := strings.IndexByte(s, '{')
		if open < 0 {
			return append(t, piece{literal: s}), nil
		}
		if open > 0 {
			t = append(t, piece{literal: s[:open]})
		}
		end := strings.IndexByte(s[open:], '}')
		if end < 0 {
			return nil, errors.New("a brace is not closed")
		}
		name, choice, plural := strings.Cut(s[open+1:open+end], ":")
		p := piece{value: name, isPluralFor: plural}
		if plural {
			var ok bool
			if p.one, p.many, ok = strings.Cut(choice, "|"); !ok {
				return nil, fmt.Errorf("%q has no | between singular and plural", choice)
			}
		}
		t = append(t, p)
		s = s[open+end+1:]
	}
	return t, nil
}

func (t text) values() []string {
	var names []string
	for _, p := range t {
		if p.value != "" && !slices.Contains(names, p.value) {
			names = append(names, p.value)
		}
	}
	slices.Sort(names)
	return names
}

func (t text) render(value func(string) (any, bool)) string {
	if len(t) == 1 && t[0].value == "" {
		return t[0].literal
	}
	var b strings.Builder
	for _, p := range t {
		if p.value == "" {
			b.WriteString(p.literal)
			continue
		}
		v, ok := value(p.value)
		switch {
		case !ok:
			b.WriteString("{" + p.value + "}")
		case p.isPluralFor && fmt.Sprint(v) == "1":
			b.WriteString(p.one)
		case p.isPluralFor:
			b.WriteString(p.many)
		default:
			fmt.Fprint(&b, v)
		}
	}
	return b.String()
}
