package clock

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The names of the calendars every installation has.
const (
	Office         = "office" // office hours on the workdays of mainland China
	AroundTheClock = "7x24"   // every hour of every day
)

// DefaultHours are the office hours where nothing else is configured.
const DefaultHours = "09:00-12:00,14:00-18:00"

// Interval is a part of a day, as durations after midnight: Open belongs to it, Close does not. 24:00 is the
// midnight that ends the day.
type Interval struct{ Open, Close time.Duration }

// ParseHours reads opening hours such as "09:00-12:00,14:00-18:00". They have to be in order and must not
// overlap. The empty text means a day without hours.
func ParseHours(s string) ([]Interval, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var hours []Interval
	for part := range strings.SplitSeq(s, ",") {
		open, closing, ok := strings.Cut(strings.TrimSpace(part), "-")
		if !ok {
			return nil, fmt.Errorf("opening hours %q: want a form such as 09:00-12:00,14:00-18:00", s)
		}
		from, err := parseTimeOfDay(open)
		if err != nil {
			return nil, fmt.Errorf("opening hours %q: %w", s, err)
		}
		to, err := parseTimeOfDay(closing)
		if err != nil {
			return nil, fmt.Errorf("opening hours %q: %w", s, err)
		}
		hours = append(hours, Interval{from, to})
	}
	if err := checkHours(hours); err != nil {
		return nil, fmt.Errorf("opening hours %q: %w", s, err)
	}
	return hours, nil
}

func parseTimeOfDay(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time of day such as 09:00", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func checkHours(hours []Interval) error {
	last := time.Duration(0)
	for _, i := range hours {
		if i.Open < last || i.Close <= i.Open || i.Close > 24*time.Hour {
			return errors.New("intervals have to be in order, within the day and not overlapping")
		}
		last = i.Close
	}
	return nil
}

// Week declares a calendar: the opening hours of each weekday, and whether statutory days change them.
type Week struct {
	Name  string
	Zone  *time.Location
	Hours [7][]Interval // by time.Weekday: Sunday first
	// MakeUp are the hours of a make-up workday that falls on a weekday without hours of its own.
	MakeUp []Interval
	// Statutory says whether statutory holidays close the day and make-up workdays open it.
	Statutory bool
}

// OfficeWeek returns a calendar with the same hours from Monday to Friday and on make-up workdays.
func OfficeWeek(name string, hours []Interval, zone *time.Location) Week {
	w := Week{Name: name, Zone: zone, MakeUp: hours, Statutory: true}
	for day := time.Monday; day <= time.Friday; day++ {
		w.Hours[day] = hours
	}
	return w
}

// EveryHour returns a calendar that is always open.
func EveryHour(name string, zone *time.Location) Week {
	w := Week{Name: name, Zone: zone}
	for day := range w.Hours {
		w.Hours[day] = []Interval{{0, 24 * time.Hour}}
	}
	return w
}

// DefaultWeeks returns the calendars Office, with DefaultHours, and AroundTheClock.
func DefaultWeeks(zone *time.Location) []Week {
	hours, err := ParseHours(DefaultHours)
	if err != nil {
		panic(err) // a constant of this package
	}
	return []Week{OfficeWeek(Office, hours, zone), EveryHour(AroundTheClock, zone)}
}

// check makes sure that the calendar opens at all: arithmetic on one that never does would not end.
func (w Week) check() error {
	if w.Name == "" || w.Zone == nil {
		return errors.New("a calendar needs a name and a zone")
	}
	if !slices.ContainsFunc(w.Hours[:], func(h []Interval) bool { return len(h) > 0 }) {
		return fmt.Errorf("calendar %s has no opening hours", w.Name)
	}
	for _, hours := range append(w.Hours[:], w.MakeUp) {
		if err := checkHours(hours); err != nil {
			return fmt.Errorf("calendar %s: %w", w.Name, err)
		}
	}
	if w.Statutory && len(w.MakeUp) == 0 {
		return fmt.Errorf("calendar %s has no hours for make-up workdays", w.Name)
	}
	return nil
}

// clone copies the hours, so that a snapshot does not change with its declaration.
func (w Week) clone() Week {
	for day := range w.Hours {
		w.Hours[day] = slices.Clone(w.Hours[day])
	}
	w.MakeUp = slices.Clone(w.MakeUp)
	return w
}
