package clock_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
)

// reference is the shared folder of the project; the shipped data are compared with it where it is present.
const reference = "../../../../shared/data/cn-reference/holidays"

// Every day of the shipped years is a workday by the calendar exactly when the notices, read here once more and
// independently, say so.
func TestEveryDayAgreesWithTheNotices(t *testing.T) {
	t.Parallel()
	folder := reference
	if _, err := os.Stat(folder); err != nil {
		folder = "data" // a checkout without the shared folder: the shipped copies
	}
	off := map[string]bool{}
	for year := 2020; year <= 2026; year++ {
		raw, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%d.json", year)))
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Days []struct {
				Date     string `json:"date"`
				IsOffDay bool   `json:"isOffDay"`
			} `json:"days"`
		}
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Days {
			off[d.Date] = d.IsOffDay
		}
	}
	c := office(t)
	workdays := 0
	for day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2027; day = day.AddDate(0, 0, 1) {
		text := day.Format("2006-01-02")
		want := day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
		if isOff, named := off[text]; named {
			want = !isOff
		}
		if got := c.IsWorkday(date(t, text)); got != want {
			t.Errorf("IsWorkday(%s) = %v, the notices say %v", text, got, want)
		}
		if want {
			workdays++
		}
	}
	if got := c.WorkdaysBetween(date(t, "2019-12-31"), date(t, "2026-12-31")); got != workdays {
		t.Errorf("%d workdays from 2020 to 2026, counted %d", got, workdays)
	}
}

// The shipped files are the reference's, byte for byte.
func TestShippedFilesAreUnchanged(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(reference, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("data", filepath.Base(file)))
		if err != nil || string(got) != string(want) {
			t.Errorf("data/%s differs from the reference (%v)", filepath.Base(file), err)
		}
	}
}

func TestMissingYear(t *testing.T) {
	t.Parallel()
	c := office(t)
	for now, want := range map[string]int{
		"2026-06-01 12:00:00": 0,
		"2026-11-14 23:59:59": 0,
		"2026-11-15 00:00:00": 2027,
		"2026-12-31 12:00:00": 2027,
		"2025-12-31 12:00:00": 0,
		"2027-01-01 00:00:00": 2027,
		"2028-06-01 12:00:00": 2028,
		"2018-06-01 12:00:00": 2018,
	} {
		if got, missing := c.MissingYear(at(t, now)); got != want || missing != (want != 0) {
			t.Errorf("at %s: %d, %v; want %d", now, got, missing, want)
		}
	}
}

// A holiday that a neighbour's notice moves into a year does not pass for the year's own data.
func TestMissingYearIsNotFooledByANeighbour(t *testing.T) {
	t.Parallel()
	days := clock.Shipped()
	for i := range 3 {
		days = append(days, clock.Day{Date: date(t, "2027-01-01") + clock.Date(i), Kind: clock.Off, Name: "元旦"})
	}
	c, err := clock.NewCalendar(clock.DefaultWeeks(zone(t, clock.DefaultZone))[0], days...)
	if err != nil {
		t.Fatal(err)
	}
	if year, missing := c.MissingYear(at(t, "2026-12-01 00:00:00")); !missing || year != 2027 {
		t.Errorf("got %d, %v", year, missing)
	}
}
