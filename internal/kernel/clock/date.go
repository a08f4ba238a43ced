package clock

import (
	"fmt"
	"strconv"
	"time"
)

// Date is a day of the civil calendar without a zone, counted from 1970-01-01. Dates compare with < and ==, and
// d+1 is the next day.
type Date int32

const dateLayout = "2006-01-02"

// NewDate returns the day; a day beyond the month's end runs into the next month.
func NewDate(year int, month time.Month, day int) Date {
	return Date(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))
}

// DateOf returns the day that t falls on in zone.
func DateOf(t time.Time, zone *time.Location) Date {
	_, offset := t.In(zone).Zone()
	return Date(floorDiv(t.Unix()+int64(offset), secondsPerDay))
}

const secondsPerDay = 24 * 60 * 60

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// ParseDate reads the form 2026-11-21.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil || len(s) != len(dateLayout) {
		return 0, fmt.Errorf("%s is not a date such as 2026-11-21", strconv.Quote(s))
	}
	return NewDate(t.Date()), nil
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// Date returns year, month and day of the month.
func (d Date) Date() (int, time.Month, int) { return d.utc().Date() }

// Year returns the year.
func (d Date) Year() int { return d.utc().Year() }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday {
	w := (int(d) + int(time.Thursday)) % 7 // 1970-01-01 was a Thursday
	if w < 0 {
		w += 7
	}
	return time.Weekday(w)
}

// String returns the form 2026-11-21.
func (d Date) String() string { return d.utc().Format(dateLayout) }

// MarshalText returns the form 2026-11-21.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form 2026-11-21.
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate(string(b))
	return err
}

// At returns the instant at which the wall clocks of zone first show the given time after midnight of d. Where
// they skip that time, because the zone puts its clocks forward, it is the instant of the skip.
func (d Date) At(sinceMidnight time.Duration, zone *time.Location) time.Time {
	year, month, day := d.Date()
	t := time.Date(year, month, day, 0, 0, 0, int(sinceMidnight), zone)
	want := d.utc().Add(sinceMidnight).Unix()
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	switch shown := t.Unix() + int64(offset); {
	case shown > want: // skipped, and Go answered with the offset before: t is past the skip
		return start
	case shown < want:
		return end
	}
	if start.IsZero() {
		return t
	}
	_, before := start.Add(-1).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); first.Before(start) {
		return first // shown twice, because the zone puts its clocks back: the first time counts
	}
	return t
}
