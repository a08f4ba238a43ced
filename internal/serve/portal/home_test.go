package portal

import (
	"testing"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/trust/identity"
)

func TestHomeTellsWhenSomebodyIsThere(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	calendars, err := clock.NewCalendars(nil, clock.DefaultWeeks(zone)...)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Deps{Calendars: calendars})
	for _, tc := range []struct {
		name    string
		now     time.Time
		open    bool
		next    string
		holiday string
		hours   int
	}{
		{"working day", time.Date(2026, 11, 20, 10, 0, 0, 0, zone), true, "2026-11-20 10:00", "", 2},
		{"Saturday", time.Date(2026, 11, 21, 10, 0, 0, 0, zone), false, "2026-11-23 09:00", "", 0},
		{"National Day", time.Date(2026, 10, 1, 10, 0, 0, 0, zone), false, "2026-10-08 09:00", "国庆节", 0},
		{"make-up Saturday", time.Date(2026, 10, 10, 10, 0, 0, 0, zone), true, "2026-10-10 10:00", "国庆节", 2},
	} {
		h := s.home(identity.Organisation{}, tc.now)
		if h.Open != tc.open || h.Next.In(zone).Format("2006-01-02 15:04") != tc.next {
			t.Errorf("%s: open %v, next %s", tc.name, h.Open, h.Next.In(zone))
		}
		if len(h.Days) != daysAhead || h.Days[0].Holiday != tc.holiday || len(h.Days[0].Hours) != tc.hours {
			t.Errorf("%s: today is %+v", tc.name, h.Days[0])
		}
		if h.Closes.IsZero() == tc.open {
			t.Errorf("%s: closes %s", tc.name, h.Closes)
		}
	}
}
