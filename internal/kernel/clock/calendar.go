package clock

import (
	"math"
	"sort"
	"sync"
	"time"
)

// Calendar is an immutable snapshot of one set of working hours and the statutory days. It is safe for use by
// several goroutines and fast: the sums of a year are made once.
type Calendar struct {
	week  Week
	days  map[Date]Day
	years sync.Map // int → *yearSums; a cache, so a snapshot stays immutable to its users
}

// Years outside this range are summed up anew each time, so that far dates from outside cannot fill the memory.
const (
	firstCachedYear = 1900
	lastCachedYear  = 2200
)

// maxWorkdays bounds AddWorkdays, so that a number from outside cannot keep it busy.
const maxWorkdays = 100_000

// NewCalendar makes a snapshot of week with the statutory days; of two days with one date the later wins.
func NewCalendar(week Week, days ...Day) (*Calendar, error) {
	if err := week.check(); err != nil {
		return nil, err
	}
	return newCalendar(week.clone(), overlay(days)), nil
}

func newCalendar(week Week, days map[Date]Day) *Calendar { return &Calendar{week: week, days: days} }

// Name returns the calendar's name.
func (c *Calendar) Name() string { return c.week.Name }

// Zone returns the zone in which the calendar's days begin and end.
func (c *Calendar) Zone() *time.Location { return c.week.Zone }

// DateOf returns the day of the calendar that t falls on.
func (c *Calendar) DateOf(t time.Time) Date { return DateOf(t, c.week.Zone) }

// IsWorkday reports whether the calendar has working hours on d.
func (c *Calendar) IsWorkday(d Date) bool { return len(c.Hours(d)) > 0 }

// Hours returns the opening hours of d, in order; the caller must not change them.
func (c *Calendar) Hours(d Date) []Interval {
	hours := c.week.Hours[d.Weekday()]
	if !c.week.Statutory {
		return hours
	}
	switch c.days[d].Kind {
	case Off:
		return nil
	case Work:
		if len(hours) == 0 {
			return c.week.MakeUp
		}
	}
	return hours
}

// StatutoryDay returns the holiday or make-up workday that d is, if it is one.
func (c *Calendar) StatutoryDay(d Date) (Day, bool) {
	day, ok := c.days[d]
	return day, ok && c.week.Statutory
}

// IsWorking reports whether t lies within working hours. Closing time does not.
func (c *Calendar) IsWorking(t time.Time) bool {
	for _, s := range c.spans(c.DateOf(t)) {
		if !t.Before(s.open) && t.Before(s.close) {
			return true
		}
	}
	return false
}

// NextWorking returns t when it lies within working hours, else the next opening.
func (c *Calendar) NextWorking(t time.Time) time.Time {
	for d := c.DateOf(t); ; d = c.AddWorkdays(d, 1) {
		for _, s := range c.spans(d) {
			if t.Before(s.close) {
				return later(t, s.open)
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// AddWorking returns the instant by which d of working time has passed since t: the earliest one, so that time
// that runs out at closing ends there. With a negative d it goes back, to the latest instant from which -d of
// working time leads to t. AddWorking(t, 0) is t.
func (c *Calendar) AddWorking(t time.Time, d time.Duration) time.Time {
	if d == 0 {
		return t
	}
	year := c.DateOf(t).Year()
	sums := c.year(year)
	target := addSaturating(c.worked(sums, t), d)
	if d > 0 {
		for target > sums.total() {
			target -= sums.total()
			year++
			sums = c.year(year)
		}
		return c.reached(sums, target)
	}
	for target < 0 {
		year--
		sums = c.year(year)
		target += sums.total()
	}
	return c.left(sums, target)
}

// reached returns the earliest instant of the year at which target has been worked; 0 < target ≤ the total.
func (c *Calendar) reached(y *yearSums, target time.Duration) time.Time {
	day := sort.Search(len(y.time)-1, func(i int) bool { return y.time[i+1] >= target })
	rest := target - y.time[day]
	for _, s := range c.spans(y.first + Date(day)) {
		if length := s.close.Sub(s.open); rest > length {
			rest -= length
			continue
		}
		return s.open.Add(rest)
	}
	panic("clock: the sums of a year disagree with its days")
}

// left returns the latest instant of the year at which no more than target has been worked; 0 ≤ target < total.
func (c *Calendar) left(y *yearSums, target time.Duration) time.Time {
	day := sort.Search(len(y.time)-1, func(i int) bool { return y.time[i+1] > target })
	rest := target - y.time[day]
	for _, s := range c.spans(y.first + Date(day)) {
		if length := s.close.Sub(s.open); rest >= length {
			rest -= length
			continue
		}
		return s.open.Add(rest)
	}
	panic("clock: the sums of a year disagree with its days")
}

// Between returns the working time from a to b, negative when b is the earlier. What no Duration can hold (some
// 1,200 years of office hours) is cut off there.
func (c *Calendar) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	from, to := c.DateOf(a).Year(), c.DateOf(b).Year()
	sums := c.year(from)
	total := -c.worked(sums, a)
	for from < to {
		if total = addSaturating(total, sums.total()); total == math.MaxInt64 {
			return total
		}
		from++
		sums = c.year(from)
	}
	return addSaturating(total, c.worked(sums, b))
}

func addSaturating(a, b time.Duration) time.Duration {
	sum := a + b
	switch {
	case b > 0 && sum < a:
		return math.MaxInt64
	case b < 0 && sum > a:
		return math.MinInt64
	}
	return sum
}

// AddWorkdays returns the n-th workday after d, which itself does not count; before d with a negative n. With
// n = 0 it is d, workday or not. An n beyond 100,000 (some 400 years) counts as that.
func (c *Calendar) AddWorkdays(d Date, n int) Date {
	if n == 0 {
		return d
	}
	n = max(-maxWorkdays, min(n, maxWorkdays))
	year := d.Year()
	sums := c.year(year)
	i := int(d - sums.first)
	if n > 0 {
		target := sums.days[i+1] + n
		for target > sums.workdays() {
			target -= sums.workdays()
			year++
			sums = c.year(year)
		}
		return sums.first + Date(sort.SearchInts(sums.days, target)) - 1
	}
	target := sums.days[i] + n // so many workdays of the year lie before the day sought
	for target < 0 {
		year--
		sums = c.year(year)
		target += sums.workdays()
	}
	return sums.first + Date(sort.SearchInts(sums.days, target+1)) - 1
}

// WorkdaysBetween returns how many workdays lie after a, up to and including b; negative when b is the earlier.
func (c *Calendar) WorkdaysBetween(a, b Date) int {
	if b < a {
		return -c.WorkdaysBetween(b, a)
	}
	count := 0
	from, to := a.Year(), b.Year()
	sums := c.year(from)
	count -= sums.days[a-sums.first+1]
	for from < to {
		count += sums.workdays()
		from++
		sums = c.year(from)
	}
	return count + sums.days[b-sums.first+1]
}

// Close returns when the last working hours of d end; the end of the day when it has none.
func (c *Calendar) Close(d Date) time.Time {
	if spans := c.spans(d); len(spans) > 0 {
		return spans[len(spans)-1].close
	}
	return (d + 1).At(0, c.week.Zone)
}

// span is an interval of one certain day.
type span struct{ open, close time.Time }

func (c *Calendar) spans(d Date) []span {
	hours := c.Hours(d)
	spans := make([]span, len(hours))
	for i, h := range hours {
		spans[i] = span{d.At(h.Open, c.week.Zone), c.closing(d, h.Close)}
	}
	return spans
}

// closing treats 24:00 as the next day's midnight, so that days join without a gap whatever the zone does there.
func (c *Calendar) closing(d Date, at time.Duration) time.Time {
	if at == 24*time.Hour {
		return (d + 1).At(0, c.week.Zone)
	}
	return d.At(at, c.week.Zone)
}

// yearSums are the running sums of a year: what was worked before its i-th day. The last entry is the total.
type yearSums struct {
	first Date
	time  []time.Duration
	days  []int
}

func (y *yearSums) total() time.Duration { return y.time[len(y.time)-1] }
func (y *yearSums) workdays() int        { return y.days[len(y.days)-1] }

func (c *Calendar) year(year int) *yearSums {
	if sums, ok := c.years.Load(year); ok {
		return sums.(*yearSums)
	}
	first, end := NewDate(year, time.January, 1), NewDate(year+1, time.January, 1)
	sums := &yearSums{first: first, time: make([]time.Duration, 1, 367), days: make([]int, 1, 367)}
	length := c.trueLength
	if c.steady(first, end) {
		length = nominalLength
	}
	for d := first; d < end; d++ {
		days, hours := sums.workdays(), c.Hours(d)
		if len(hours) > 0 {
			days++
		}
		sums.time = append(sums.time, sums.total()+length(d, hours))
		sums.days = append(sums.days, days)
	}
	if firstCachedYear <= year && year <= lastCachedYear {
		c.years.Store(year, sums)
	}
	return sums
}

// steady reports whether the zone keeps one offset from first to end; most years do, and are summed up without
// asking the zone for every day.
func (c *Calendar) steady(first, end Date) bool {
	_, change := first.At(0, c.week.Zone).ZoneBounds()
	return change.IsZero() || change.After(end.At(0, c.week.Zone))
}

func nominalLength(_ Date, hours []Interval) time.Duration {
	var sum time.Duration
	for _, h := range hours {
		sum += h.Close - h.Open
	}
	return sum
}

func (c *Calendar) trueLength(d Date, _ []Interval) time.Duration {
	var sum time.Duration
	for _, s := range c.spans(d) {
		sum += s.close.Sub(s.open)
	}
	return sum
}

// worked returns the working time of the year of y before t, which falls into it.
func (c *Calendar) worked(y *yearSums, t time.Time) time.Duration {
	d := c.DateOf(t)
	worked := y.time[d-y.first]
	for _, s := range c.spans(d) {
		switch {
		case !t.Before(s.close):
			worked += s.close.Sub(s.open)
		case t.After(s.open):
			worked += t.Sub(s.open)
		}
	}
	return worked
}
