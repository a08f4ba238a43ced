package jobs_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tongban/internal/kernel/jobs"
)

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func TestScheduleNext(t *testing.T) {
	t.Parallel()
	shanghai, berlin := zone("Asia/Shanghai"), zone("Europe/Berlin")
	tests := []struct {
		name     string
		schedule *jobs.Schedule
		after    string
		want     string
		text     string
	}{
		{"every, between", jobs.Every(5 * time.Minute), "2026-11-21T12:03:10Z", "2026-11-21T12:05:00Z", "every 5m0s"},
		{"every, just then", jobs.Every(5 * time.Minute), "2026-11-21T12:05:00Z", "2026-11-21T12:10:00Z", "every 5m0s"},
		{"every, before 1970", jobs.Every(time.Hour), "1969-12-31T23:30:00Z", "1970-01-01T00:00:00Z", "every 1h0m0s"},
		{"daily, later today", jobs.DailyAt("02:30", shanghai), "2026-11-20T18:00:00Z", "2026-11-20T18:30:00Z", "daily at 02:30 Asia/Shanghai"},
		{"daily, just then", jobs.DailyAt("02:30", shanghai), "2026-11-20T18:30:00Z", "2026-11-21T18:30:00Z", "daily at 02:30 Asia/Shanghai"},
		{"daily, over new year", jobs.DailyAt("02:30", shanghai), "2026-12-31T18:31:00Z", "2027-01-01T18:30:00Z", "daily at 02:30 Asia/Shanghai"},
		{"daily, in the hour that is skipped", jobs.DailyAt("02:30", berlin), "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z", "daily at 02:30 Europe/Berlin"},
		{"daily, in the hour that comes twice", jobs.DailyAt("02:30", berlin), "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "daily at 02:30 Europe/Berlin"},
		{"daily, and that only once", jobs.DailyAt("02:30", berlin), "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z", "daily at 02:30 Europe/Berlin"},
		{"weekly", jobs.WeeklyAt(time.Monday, "09:00", shanghai), "2026-11-21T12:00:00Z", "2026-11-23T01:00:00Z", "weekly on Monday at 09:00 Asia/Shanghai"},
		{"weekly, the day begun", jobs.WeeklyAt(time.Saturday, "09:00", shanghai), "2026-11-21T12:00:00Z", "2026-11-28T01:00:00Z", "weekly on Saturday at 09:00 Asia/Shanghai"},
		{"monthly", jobs.MonthlyAt(1, "00:00", shanghai), "2026-11-21T12:00:00Z", "2026-11-30T16:00:00Z", "monthly on day 1 at 00:00 Asia/Shanghai"},
		{"monthly, a short month", jobs.MonthlyAt(31, "12:00", shanghai), "2027-02-01T00:00:00Z", "2027-02-28T04:00:00Z", "monthly on day 31 at 12:00 Asia/Shanghai"},
		{"monthly, from its last day", jobs.MonthlyAt(31, "12:00", shanghai), "2027-02-28T04:00:00Z", "2027-03-31T04:00:00Z", "monthly on day 31 at 12:00 Asia/Shanghai"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			after, err := time.Parse(time.RFC3339, tt.after)
			must(t, err)
			if got := tt.schedule.Next(after).Format(time.RFC3339); got != tt.want {
				t.Errorf("Next(%s) = %s, want %s", tt.after, got, tt.want)
			}
			if tt.schedule.String() != tt.text {
				t.Errorf("String = %q, want %q", tt.schedule, tt.text)
			}
		})
	}
}

// Whatever the schedule, the next time is later, and nothing lies between: asking from any moment before it gives the
// same answer.
func TestScheduleNextIsTheVeryNext(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC, zone("Asia/Shanghai"), zone("Europe/Berlin"), zone("America/St_Johns")}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		clock := time.Date(2000, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "min"), 0, 0, time.UTC).Format("15:04")
		s := []*jobs.Schedule{
			jobs.Every(time.Duration(rapid.IntRange(1, 100_000).Draw(t, "seconds")) * time.Second),
			jobs.DailyAt(clock, z),
			jobs.WeeklyAt(time.Weekday(rapid.IntRange(0, 6).Draw(t, "day")), clock, z),
			jobs.MonthlyAt(rapid.IntRange(1, 31).Draw(t, "of month"), clock, z),
		}[rapid.IntRange(0, 3).Draw(t, "kind")]
		after := time.Unix(rapid.Int64Range(1_500_000_000, 1_900_000_000).Draw(t, "after"), 0)
		next := s.Next(after)
		if !next.After(after) || next.Sub(after) > 32*24*time.Hour {
			t.Fatalf("%s: Next(%s) = %s", s, after, next)
		}
		between := after.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(after))-1).Draw(t, "between")))
		if again := s.Next(between); !again.Equal(next) {
			t.Fatalf("%s: Next(%s) = %s, but Next(%s) = %s", s, after, next, between, again)
		}
	})
}

func TestScheduleMistakesPanic(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(){
		"too often":  func() { jobs.Every(time.Millisecond) },
		"no time":    func() { jobs.DailyAt("25:00", time.UTC) },
		"no zone":    func() { jobs.DailyAt("02:30", nil) },
		"day of 32":  func() { jobs.MonthlyAt(32, "02:30", time.UTC) },
		"day of nil": func() { jobs.MonthlyAt(0, "02:30", time.UTC) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			declare()
		})
	}
}
