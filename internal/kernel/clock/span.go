package clock

import (
	"errors"
	"time"

	"tongban/internal/kernel/i18n"
)

// Span is how long something may take: so much working time, so many workdays, or so much plain time. Exactly
// one of them is set.
type Span struct {
	Working  time.Duration `json:"working,omitempty"`
	Workdays int           `json:"workdays,omitempty"`
	Calendar time.Duration `json:"calendar,omitempty"`
}

// WorkingTime returns a span of working time.
func WorkingTime(d time.Duration) Span { return Span{Working: d} }

// Workdays returns a span of n workdays.
func Workdays(n int) Span { return Span{Workdays: n} }

// CalendarTime returns a span of plain time, which runs at night and on holidays too.
func CalendarTime(d time.Duration) Span { return Span{Calendar: d} }

// maxSpan bounds a span of time, maxSpanDays one of workdays: ten years.
const (
	maxSpan     = 10 * 366 * 24 * time.Hour
	maxSpanDays = 2_600
)

// Validate reports a span that is empty, means two things, is negative or longer than ten years.
func (s Span) Validate() error {
	set := 0
	for _, isSet := range []bool{s.Working != 0, s.Workdays != 0, s.Calendar != 0} {
		if isSet {
			set++
		}
	}
	switch {
	case set != 1:
		return errors.New("a span is either working time or workdays or calendar time")
	case s.Working < 0 || s.Workdays < 0 || s.Calendar < 0:
		return errors.New("a span is positive")
	case s.Working > maxSpan || s.Workdays > maxSpanDays || s.Calendar > maxSpan:
		return errors.New("a span is at most ten years")
	}
	return nil
}

// IsZero reports whether nothing is set.
func (s Span) IsZero() bool { return s == Span{} }

// Text says the span in the reader's language.
func (s Span) Text(l i18n.Locale) string {
	switch {
	case s.Working != 0:
		return l.T("clock.span_working", "duration", l.Duration(s.Working))
	case s.Workdays != 0:
		return l.T("clock.span_workdays", "n", s.Workdays)
	}
	return l.Duration(s.Calendar)
}

// Due returns when a span that starts at start is over. Workdays begin to count on the day after start and end
// with the working hours of the last of them, as deadlines in days do in administrative law.
func (c *Calendar) Due(start time.Time, s Span) time.Time {
	switch {
	case s.Working != 0:
		return c.AddWorking(start, s.Working)
	case s.Workdays != 0:
		return c.Close(c.AddWorkdays(c.DateOf(start), s.Workdays))
	}
	return start.Add(s.Calendar)
}
