package clock

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"tongban/internal/kernel/errs"
)

// Kind says what a statutory day does to the working week.
type Kind string

// The kinds of statutory days.
const (
	Off  Kind = "off"  // a holiday: no working hours, whatever the weekday
	Work Kind = "work" // a make-up workday: working hours, also at a weekend
)

// Day is a day that differs from the plain working week.
type Day struct {
	Date    Date
	Kind    Kind
	Name    string    // what the notice calls it, such as 春节; for a make-up workday the holiday it makes up for
	Changed time.Time // when an administrator set it; zero for a shipped day
}

// maxNameLength is the longest name of a day, in characters.
const maxNameLength = 50

// Validate reports the fields at fault.
func (d Day) Validate() error {
	var fields []errs.Field
	if d.Kind != Off && d.Kind != Work {
		fields = append(fields, errs.Field{Name: "kind", Code: "not_a_choice"})
	}
	if year := d.Date.Year(); year < firstCachedYear || year > lastCachedYear {
		fields = append(fields, errs.Field{Name: "day", Code: "bad_date"})
	}
	if f, bad := checkName("name", d.Name); bad {
		fields = append(fields, f)
	}
	return errs.InvalidFields(fields...)
}

func checkName(field, name string) (errs.Field, bool) {
	switch {
	case name == "":
		return errs.Field{Name: field, Code: "required"}, true
	case utf8.RuneCountInString(name) > maxNameLength:
		return errs.Field{Name: field, Code: "too_long", Params: map[string]any{"max": maxNameLength}}, true
	case !utf8.ValidString(name) || slices.ContainsFunc([]rune(name), unicode.IsControl):
		return errs.Field{Name: field, Code: "bad_format"}, true
	}
	return errs.Field{}, false
}

func overlay(layers ...[]Day) map[Date]Day {
	days := map[Date]Day{}
	for _, layer := range layers {
		for _, day := range layer {
			days[day.Date] = day
		}
	}
	return days
}

//go:embed data/*.json
var notices embed.FS

// Shipped returns the statutory days built into the program, in order.
func Shipped() []Day { return slices.Clone(shipped()) }

var shipped = sync.OnceValue(func() []Day {
	days, err := readNotices(notices)
	if err != nil {
		panic(err) // built into the program, and shown to be right by the tests
	}
	return days
})

func readNotices(fsys fs.FS) ([]Day, error) {
	files, err := fs.Glob(fsys, "data/*.json")
	if err != nil {
		return nil, err
	}
	var days []Day
	for _, name := range files {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		year, err := ParseNotice(raw)
		if err != nil {
			return nil, fmt.Errorf("holiday data %s: %w", name, err)
		}
		days = append(days, year...)
	}
	slices.SortFunc(days, byDate)
	return days, nil
}

func byDate(a, b Day) int { return int(a.Date) - int(b.Date) }

// statutoryYear is the least number of days off that a year's notice brings. There are eleven statutory days a
// year (thirteen from 2025) before any is moved; the notice of a neighbouring year brings three at most.
const statutoryYear = 7

// MissingYear returns the first year that should have statutory data by now and has none: the present year at
// any time, the next one from 15 November, because its notice usually appears in early November.
func (c *Calendar) MissingYear(now time.Time) (year int, missing bool) {
	today := c.DateOf(now)
	year, month, day := today.Date()
	if !c.hasYear(year) {
		return year, true
	}
	due := month == time.December || month == time.November && day >= 15
	if due && !c.hasYear(year+1) {
		return year + 1, true
	}
	return 0, false
}

func (c *Calendar) hasYear(year int) bool {
	off := 0
	for date, day := range c.days {
		if day.Kind == Off && date.Year() == year {
			off++
		}
	}
	return off >= statutoryYear
}
