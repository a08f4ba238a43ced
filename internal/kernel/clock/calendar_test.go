package clock_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tongban/internal/kernel/clock"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func date(t testing.TB, s string) clock.Date {
	t.Helper()
	d, err := clock.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// office is the calendar of the defaults: Shanghai, 09:00-12:00 and 14:00-18:00, with the shipped days.
func office(t testing.TB) *clock.Calendar {
	t.Helper()
	return calendar(t, clock.DefaultWeeks(zone(t, clock.DefaultZone))[0])
}

func calendar(t testing.TB, w clock.Week) *clock.Calendar {
	t.Helper()
	c, err := clock.NewCalendar(w, clock.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at reads a wall clock time of Shanghai.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone(t, clock.DefaultZone))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func hours(t testing.TB, s string) []clock.Interval {
	t.Helper()
	h, err := clock.ParseHours(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestParseHours(t *testing.T) {
	t.Parallel()
	if h := hours(t, " 00:00-12:30 , 13:00-24:00"); len(h) != 2 || h[0].Close != 12*time.Hour+30*time.Minute || h[1].Close != 24*time.Hour {
		t.Errorf("got %v", h)
	}
	if h := hours(t, " "); h != nil {
		t.Errorf("got %v", h)
	}
	for _, s := range []string{"9", "9:00-12:00", "09:00-09:00", "12:00-09:00", "09:00-12:00,11:00-13:00", "09:00-25:00", "24:00-24:00", "09:00-12:00,", "09:00–12:00"} {
		if h, err := clock.ParseHours(s); err == nil {
			t.Errorf("ParseHours(%q) = %v, want an error", s, h)
		}
	}
}

func TestNewCalendarRefusesFaultyWeeks(t *testing.T) {
	t.Parallel()
	shanghai := zone(t, clock.DefaultZone)
	day := hours(t, "09:00-18:00")
	for want, w := range map[string]clock.Week{
		"needs a name":  clock.OfficeWeek("", day, shanghai),
		"and a zone":    clock.OfficeWeek("x", day, nil),
		"no opening":    clock.OfficeWeek("x", nil, shanghai),
		"make-up":       {Name: "x", Zone: shanghai, Hours: [7][]clock.Interval{1: day}, Statutory: true},
		"not overlappi": {Name: "x", Zone: shanghai, Hours: [7][]clock.Interval{1: {day[0], day[0]}}},
	} {
		if _, err := clock.NewCalendar(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A snapshot does not change when its declaration is changed afterwards.
func TestCalendarIsImmutable(t *testing.T) {
	t.Parallel()
	day := hours(t, "09:00-18:00")
	c := calendar(t, clock.OfficeWeek("x", day, zone(t, clock.DefaultZone)))
	day[0].Close = 10 * time.Hour
	if h := c.Hours(date(t, "2026-11-20")); h[0].Close != 18*time.Hour {
		t.Errorf("hours = %v", h)
	}
}

func TestWorkdaysAndHours(t *testing.T) {
	t.Parallel()
	c := office(t)
	for day, want := range map[string]bool{
		"2026-11-20": true,  // a Friday
		"2026-11-21": false, // a Saturday
		"2026-02-16": false, // a Monday of Spring Festival
		"2026-02-14": true,  // a make-up Saturday
		"2026-09-20": true,  // a make-up Sunday
		"2022-12-31": false, // a Saturday named in the notice for 2023
		"2019-10-01": true,  // a Tuesday of a year without data
	} {
		if got := c.IsWorkday(date(t, day)); got != want {
			t.Errorf("IsWorkday(%s) = %v", day, got)
		}
	}
	if day, ok := c.StatutoryDay(date(t, "2026-02-17")); !ok || day.Name != "春节" || day.Kind != clock.Off {
		t.Errorf("2026-02-17 is %+v, %v", day, ok)
	}
	for _, tc := range []struct {
		at      string
		working bool
		next    string
	}{
		{"2026-11-20 08:59:59", false, "2026-11-20 09:00:00"},
		{"2026-11-20 09:00:00", true, "2026-11-20 09:00:00"},
		{"2026-11-20 11:59:59", true, "2026-11-20 11:59:59"},
		{"2026-11-20 12:00:00", false, "2026-11-20 14:00:00"},
		{"2026-11-20 18:00:00", false, "2026-11-23 09:00:00"},
		{"2026-11-21 10:00:00", false, "2026-11-23 09:00:00"},
		{"2026-02-13 18:00:00", false, "2026-02-14 09:00:00"},
		{"2026-02-14 18:00:00", false, "2026-02-24 09:00:00"},
		{"2026-12-31 18:00:00", false, "2027-01-01 09:00:00"}, // 2027 has no data yet: a plain Friday
	} {
		when := at(t, tc.at)
		if got := c.IsWorking(when); got != tc.working {
			t.Errorf("IsWorking(%s) = %v", tc.at, got)
		}
		if got := c.NextWorking(when); !got.Equal(at(t, tc.next)) {
			t.Errorf("NextWorking(%s) = %s, want %s", tc.at, got, tc.next)
		}
	}
}

func TestAddWorkingAtBorders(t *testing.T) {
	t.Parallel()
	c := office(t)
	for _, tc := range []struct {
		from string
		d    time.Duration
		want string
	}{
		{"2026-11-20 17:00:00", time.Hour, "2026-11-20 18:00:00"}, // ends at closing, not at Monday's opening
		{"2026-11-20 17:00:00", time.Hour + 1, "2026-11-23 09:00:00"},
		{"2026-11-20 18:00:00", time.Hour, "2026-11-23 10:00:00"},
		{"2026-11-21 03:00:00", time.Hour, "2026-11-23 10:00:00"},
		{"2026-11-20 11:00:00", time.Hour, "2026-11-20 12:00:00"},
		{"2026-11-20 11:00:00", 2 * time.Hour, "2026-11-20 15:00:00"},
		{"2026-11-20 09:00:00", 7 * time.Hour, "2026-11-20 18:00:00"},
		{"2026-11-20 09:00:00", 14 * time.Hour, "2026-11-23 18:00:00"},
		{"2026-11-21 03:00:00", 0, "2026-11-21 03:00:00"},
		{"2026-02-13 17:00:00", 9 * time.Hour, "2026-02-24 10:00:00"}, // Friday, make-up Saturday, nine days off
		{"2025-12-31 17:00:00", 2 * time.Hour, "2026-01-04 10:00:00"}, // over the year's end to a make-up Sunday
		{"2026-11-23 09:00:00", -time.Hour, "2026-11-20 17:00:00"},
		{"2026-11-23 10:00:00", -time.Hour, "2026-11-23 09:00:00"}, // back to the opening, not to Friday's closing
		{"2026-11-20 14:30:00", -time.Hour, "2026-11-20 11:30:00"},
		{"2026-01-04 10:00:00", -2 * time.Hour, "2025-12-31 17:00:00"},
	} {
		got := c.AddWorking(at(t, tc.from), tc.d)
		if !got.Truncate(time.Second).Equal(at(t, tc.want)) {
			t.Errorf("AddWorking(%s, %s) = %s, want %s", tc.from, tc.d, got, tc.want)
		}
		if back := c.Between(at(t, tc.from), got); back != tc.d {
			t.Errorf("Between(%s, %s) = %s, want %s", tc.from, got, back, tc.d)
		}
	}
}

func TestWorkdayArithmetic(t *testing.T) {
	t.Parallel()
	c := office(t)
	for _, tc := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-20", 1, "2026-11-23"},
		{"2026-11-21", 1, "2026-11-23"},
		{"2026-11-21", 0, "2026-11-21"},
		{"2026-11-20", 10, "2026-12-04"},
		{"2026-02-13", 1, "2026-02-14"},
		{"2026-02-13", 2, "2026-02-24"},
		{"2025-12-31", 1, "2026-01-04"},
		{"2026-11-23", -1, "2026-11-20"},
		{"2026-11-21", -1, "2026-11-20"},
		{"2026-01-04", -1, "2025-12-31"},
		{"2026-02-24", -2, "2026-02-13"},
	} {
		got := c.AddWorkdays(date(t, tc.from), tc.n)
		if got != date(t, tc.want) {
			t.Errorf("AddWorkdays(%s, %d) = %s, want %s", tc.from, tc.n, got, tc.want)
		}
	}
	if n := c.WorkdaysBetween(date(t, "2026-02-13"), date(t, "2026-02-24")); n != 2 {
		t.Errorf("workdays after the 13th up to the 24th: %d, want 2", n)
	}
	if a, b := c.AddWorkdays(0, math.MaxInt), c.AddWorkdays(0, 100_000); a != b {
		t.Errorf("a number beyond all bounds: %s, want %s", a, b)
	}
}

// Two workdays for a task received on a Friday before a holiday, as issue text and field work count them.
func TestDue(t *testing.T) {
	t.Parallel()
	c := office(t)
	for _, tc := range []struct {
		from string
		span clock.Span
		want string
	}{
		{"2026-09-30 16:00:00", clock.Workdays(2), "2026-10-09 18:00:00"},
		{"2026-09-30 16:00:00", clock.WorkingTime(4 * time.Hour), "2026-10-08 11:00:00"},
		{"2026-09-30 16:00:00", clock.CalendarTime(36 * time.Hour), "2026-10-02 04:00:00"},
		{"2026-10-03 23:00:00", clock.Workdays(1), "2026-10-08 18:00:00"},
	} {
		if got := c.Due(at(t, tc.from), tc.span); !got.Equal(at(t, tc.want)) {
			t.Errorf("Due(%s, %+v) = %s, want %s", tc.from, tc.span, got, tc.want)
		}
		if err := tc.span.Validate(); err != nil {
			t.Errorf("%+v: %v", tc.span, err)
		}
	}
	for _, s := range []clock.Span{{}, {Working: 1, Workdays: 1}, clock.Workdays(-1), clock.Workdays(10_000), clock.CalendarTime(1 << 62)} {
		if s.Validate() == nil {
			t.Errorf("%+v passed", s)
		}
	}
}

func TestRoundTheClock(t *testing.T) {
	t.Parallel()
	c := calendar(t, clock.DefaultWeeks(zone(t, clock.DefaultZone))[1])
	newYear := at(t, "2026-01-01 00:00:00")
	if !c.IsWorking(newYear) || !c.IsWorkday(date(t, "2026-01-01")) {
		t.Error("a holiday closes a calendar that is always open")
	}
	if got := c.AddWorking(newYear, 365*24*time.Hour); !got.Equal(at(t, "2027-01-01 00:00:00")) {
		t.Errorf("a year of hours ends at %s", got)
	}
	if _, ok := c.StatutoryDay(date(t, "2026-01-01")); ok {
		t.Error("a calendar without statutory days names one")
	}
}

// On the day a zone puts its clocks forward a calendar that is always open works 23 hours, and hours that are
// skipped do not count.
func TestChangingOffsets(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		zone, day, hours string
		want             time.Duration
	}{
		{"Europe/London", "2026-03-29", "00:00-24:00", 23 * time.Hour},
		{"Europe/London", "2026-10-25", "00:00-24:00", 25 * time.Hour},
		{"Europe/London", "2026-03-29", "01:00-02:00", 0},
		{"Europe/London", "2026-03-29", "01:30-02:30", 30 * time.Minute},
		{"Europe/London", "2026-10-25", "00:30-01:30", time.Hour},
		{"Europe/London", "2026-10-25", "00:30-02:00", 150 * time.Minute},
		{"America/Sao_Paulo", "2018-11-04", "00:00-24:00", 23 * time.Hour}, // midnight itself is skipped
		{"America/Sao_Paulo", "2018-11-03", "00:00-24:00", 24 * time.Hour},
		{"America/Havana", "2025-11-02", "00:00-24:00", 25 * time.Hour}, // midnight happens twice
		{"America/Havana", "2025-11-01", "00:00-24:00", 24 * time.Hour},
		{"Pacific/Apia", "2011-12-30", "00:00-24:00", 0}, // the whole day is skipped
		{"Asia/Shanghai", "1986-05-04", "00:00-24:00", 23 * time.Hour},
	} {
		w := clock.Week{Name: "x", Zone: zone(t, tc.zone)}
		for i := range w.Hours {
			w.Hours[i] = hours(t, tc.hours)
		}
		c := calendar(t, w)
		d := date(t, tc.day)
		from, to := d.At(0, c.Zone()), (d+1).At(0, c.Zone())
		if got := c.Between(from, to); got != tc.want {
			t.Errorf("%s %s %s: %s, want %s", tc.zone, tc.day, tc.hours, got, tc.want)
		}
	}
}

var zones = []string{"Asia/Shanghai", "Europe/London", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "UTC"}

// drawCalendar draws a calendar of random hours in a random zone, with the shipped days or without.
func drawCalendar(t *rapid.T) *clock.Calendar {
	loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	w := clock.Week{Name: "drawn", Zone: loc, Statutory: rapid.Bool().Draw(t, "statutory")}
	w.MakeUp = []clock.Interval{{9 * time.Hour, 17 * time.Hour}}
	for day := range w.Hours {
		edge := time.Duration(0)
		for range rapid.IntRange(0, 3).Draw(t, "intervals") {
			open := edge + time.Duration(rapid.IntRange(0, 300).Draw(t, "gap"))*time.Minute
			closing := open + time.Duration(rapid.IntRange(1, 300).Draw(t, "length"))*time.Minute
			if edge = closing; edge > 24*time.Hour {
				break
			}
			w.Hours[day] = append(w.Hours[day], clock.Interval{Open: open, Close: closing})
		}
	}
	if len(w.Hours[time.Wednesday]) == 0 {
		w.Hours[time.Wednesday] = w.MakeUp
	}
	c, err := clock.NewCalendar(w, clock.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func drawTime(t *rapid.T, label string) time.Time {
	return time.Unix(rapid.Int64Range(0, 2_000_000_000).Draw(t, label), rapid.Int64Range(0, 999_999_999).Draw(t, label+" ns"))
}

// counted adds up working time minute by minute: the naive model for Between.
func counted(c *clock.Calendar, a, b time.Time) time.Duration {
	var sum time.Duration
	for t := a; t.Before(b); {
		next := t.Truncate(time.Minute).Add(time.Minute)
		if b.Before(next) {
			next = b
		}
		if c.IsWorking(t) {
			sum += next.Sub(t)
		}
		t = next
	}
	return sum
}

func TestPropertyBetweenCountsWorkingMinutes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, a := drawCalendar(t), drawTime(t, "from")
		b := a.Add(time.Duration(rapid.Int64Range(0, int64(72*time.Hour)).Draw(t, "length")))
		if got, want := c.Between(a, b), counted(c, a, b); got != want {
			t.Fatalf("Between(%s, %s) = %s, counted %s", a.In(c.Zone()), b.In(c.Zone()), got, want)
		}
	})
}

func TestPropertyAddWorkingInvertsBetween(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, from := drawCalendar(t), drawTime(t, "from")
		d := time.Duration(rapid.Int64Range(-int64(4000*time.Hour), int64(4000*time.Hour)).Draw(t, "d"))
		to := c.AddWorking(from, d)
		if got := c.Between(from, to); got != d {
			t.Fatalf("Between(%s, %s) = %s, want %s", from, to, got, d)
		}
		if d == 0 {
			return
		}
		nearer := to.Add(-1)
		if d < 0 {
			nearer = to.Add(1)
		}
		if got := c.Between(from, nearer); got == d {
			t.Fatalf("AddWorking(%s, %s) = %s is not the nearest instant", from, d, to)
		}
	})
}

func TestPropertyAddWorkingIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, a, b := drawCalendar(t), drawTime(t, "a"), drawTime(t, "b")
		if b.Before(a) {
			a, b = b, a
		}
		d := time.Duration(rapid.Int64Range(0, int64(400*time.Hour)).Draw(t, "d"))
		more := d + time.Duration(rapid.Int64Range(0, int64(400*time.Hour)).Draw(t, "more"))
		if c.AddWorking(b, d).Before(c.AddWorking(a, d)) {
			t.Fatal("a later start ends earlier")
		}
		if c.AddWorking(a, more).Before(c.AddWorking(a, d)) {
			t.Fatal("more work ends earlier")
		}
		if got := c.Between(a, b) + c.Between(b, c.AddWorking(b, d)); got != c.Between(a, c.AddWorking(b, d)) {
			t.Fatal("Between does not add up")
		}
	})
}

func TestPropertyWorkdays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCalendar(t)
		d := clock.Date(rapid.IntRange(0, 25_000).Draw(t, "day"))
		n := rapid.IntRange(-800, 800).Draw(t, "n")
		want, step := d, 1
		if n < 0 {
			step = -1
		}
		for left := n * step; left > 0; {
			if want += clock.Date(step); c.IsWorkday(want) {
				left--
			}
		}
		got := c.AddWorkdays(d, n)
		if got != want {
			t.Fatalf("AddWorkdays(%s, %d) = %s, want %s", d, n, got, want)
		}
		if between := c.WorkdaysBetween(d, got); n >= 0 && between != n {
			t.Fatalf("WorkdaysBetween(%s, %s) = %d, want %d", d, got, between, n)
		}
	})
}

// Nothing outside the years anybody means may hang or overflow.
func TestFarAway(t *testing.T) {
	t.Parallel()
	c := office(t)
	old, far := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	if got := c.Between(old, far); got != math.MaxInt64 {
		t.Errorf("Between = %s", got)
	}
	if got := c.Between(far, old); got != -math.MaxInt64 {
		t.Errorf("Between = %s", got)
	}
	if got := c.AddWorking(start, math.MaxInt64); got.Year() < 3000 {
		t.Errorf("AddWorking of the longest duration = %s", got)
	}
	if got := c.AddWorking(start, math.MinInt64); got.Year() > 1000 {
		t.Errorf("AddWorking of the longest duration back = %s", got)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	if d := clock.NewDate(2024, time.February, 30); d.String() != "2024-03-01" {
		t.Errorf("NewDate runs into %s", d)
	}
	var d clock.Date
	if err := d.UnmarshalText([]byte("1969-12-31")); err != nil || d != -1 || d.Weekday() != time.Wednesday {
		t.Errorf("1969-12-31 is %d, a %s: %v", d, d.Weekday(), err)
	}
	if d := clock.Date(-8); d.Weekday() != time.Wednesday {
		t.Errorf("a week earlier is a %s", d.Weekday())
	}
	if b, err := d.MarshalText(); err != nil || string(b) != "1969-12-31" {
		t.Errorf("MarshalText = %s, %v", b, err)
	}
	for _, s := range []string{"", "2026-2-1", "2026-02-30", "2026-02-01 ", "2026/02/01", "02026-02-1", "２０２６-02-01"} {
		if d, err := clock.ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %s", s, d)
		}
	}
	late := time.Date(2026, 11, 20, 16, 30, 0, 0, time.UTC)
	if d := clock.DateOf(late, zone(t, clock.DefaultZone)); d.String() != "2026-11-21" {
		t.Errorf("in Shanghai it is %s", d)
	}
}

func BenchmarkAddWorkingOverAYear(b *testing.B) {
	c := office(b)
	from := at(b, "2025-11-20 10:00:00")
	for b.Loop() {
		c.AddWorking(from, 1750*time.Hour)
	}
}

func BenchmarkFirstUseOfAYear(b *testing.B) {
	for b.Loop() {
		office(b).IsWorking(start)
		office(b).Between(start, start.Add(time.Hour))
	}
}
