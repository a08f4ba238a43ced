package jobs

import (
	"fmt"
	"time"
)

// Schedule says when periodic work is due. The zero value is not useful.
type Schedule struct {
	text  string
	rule  Rule
	every time.Duration // or, when zero, at a time of day:
	hour  int
	min   int
	zone  *time.Location
	on    func(t time.Time) bool // whether the day of t is one of them
}

// Rule is a Schedule in parts, for a page that tells it in the reader's language.
type Rule struct {
	Every time.Duration // the interval; zero for one of Often
	Often string        // daily, weekly or monthly
	Day   time.Weekday  // of weekly
	Date  int           // of monthly, 1 to 31
	Time  string        // of day, 02:30
	Zone  *time.Location
}

// Rule returns the schedule in parts.
func (s *Schedule) Rule() Rule { return s.rule }

// Every is due at each whole multiple of d since 1970, so that all nodes agree and a restart shifts nothing. It
// panics when d is shorter than a second.
func Every(d time.Duration) *Schedule {
	if d < time.Second {
		panic("jobs: Every needs at least a second, got " + d.String())
	}
	return &Schedule{text: "every " + d.String(), rule: Rule{Every: d}, every: d}
}

// DailyAt is due each day at a time of day such as "02:30" in zone. It panics on another form. On a day when the
// clocks are put forward over it, it is due just as much later.
func DailyAt(timeOfDay string, zone *time.Location) *Schedule {
	return at(Rule{Often: "daily", Time: timeOfDay, Zone: zone}, "", func(time.Time) bool { return true })
}

// WeeklyAt is DailyAt on one day of the week.
func WeeklyAt(day time.Weekday, timeOfDay string, zone *time.Location) *Schedule {
	return at(Rule{Often: "weekly", Day: day, Time: timeOfDay, Zone: zone}, " on "+day.String(), func(t time.Time) bool { return t.Weekday() == day })
}

// MonthlyAt is DailyAt on one day of the month, or on the last day of a month that is shorter. It panics on a day
// outside 1 to 31.
func MonthlyAt(day int, timeOfDay string, zone *time.Location) *Schedule {
	if day < 1 || day > 31 {
		panic(fmt.Sprintf("jobs: MonthlyAt on day %d", day))
	}
	return at(Rule{Often: "monthly", Date: day, Time: timeOfDay, Zone: zone}, fmt.Sprintf(" on day %d", day), func(t time.Time) bool {
		last := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return t.Day() == min(day, last)
	})
}

func at(r Rule, day string, on func(time.Time) bool) *Schedule {
	t, err := time.Parse("15:04", r.Time)
	if err != nil || r.Zone == nil {
		panic(fmt.Sprintf("jobs: a schedule needs a time such as 02:30 and a zone, got %q and %v", r.Time, r.Zone))
	}
	return &Schedule{
		text: fmt.Sprintf("%s%s at %s %s", r.Often, day, r.Time, r.Zone), rule: r,
		hour: t.Hour(), min: t.Minute(), zone: r.Zone, on: on,
	}
}

// String describes the schedule, in a form that differs between any two that differ.
func (s *Schedule) String() string { return s.text }

// Next returns when the work is due next, strictly after t, in UTC.
func (s *Schedule) Next(t time.Time) time.Time {
	if s.every > 0 {
		unix := t.UnixNano()
		step := int64(s.every)
		past := unix % step
		if past < 0 {
			past += step
		}
		return time.Unix(0, unix-past+step).UTC()
	}
	day := t.In(s.zone)
	for i := 0; ; i++ { // at most a month of days
		due := time.Date(day.Year(), day.Month(), day.Day()+i, s.hour, s.min, 0, 0, s.zone)
		noon := time.Date(day.Year(), day.Month(), day.Day()+i, 12, 0, 0, 0, s.zone)
		if s.on(noon) && due.After(t) {
			return due.UTC()
		}
	}
}
