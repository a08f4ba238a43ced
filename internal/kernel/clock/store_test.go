package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
)

// desk is a store on one engine with its clock.
type desk struct {
	*clock.Store
	d    *db.DB
	fake *clock.Fake
}

func each(t *testing.T, test func(t *testing.T, s desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fake := clock.NewFake(time.Date(2026, 11, 20, 9, 0, 0, 123_456_789, time.UTC))
		test(t, desk{clock.NewStore(fake), d, fake})
	}, clock.Migrations())
}

func (s desk) set(t *testing.T, text string, kind clock.Kind, name string) clock.Day {
	t.Helper()
	var stored clock.Day
	err := s.d.Write(t.Context(), func(ctx context.Context, q db.Querier) (err error) {
		stored, err = s.Set(ctx, q, clock.Day{Date: date(t, text), Kind: kind, Name: name})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func (s desk) remove(ctx context.Context, d clock.Date) error {
	return s.d.Write(ctx, func(ctx context.Context, q db.Querier) error { return s.Remove(ctx, q, d) })
}

func TestStoreKeepsDays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s desk) {
		first := s.set(t, "2027-01-01", clock.Off, "元旦")
		s.set(t, "2026-12-31", clock.Work, "元旦")
		s.fake.Advance(time.Hour)
		again := s.set(t, "2027-01-01", clock.Work, "改为上班")
		if !again.Changed.After(first.Changed) {
			t.Errorf("changed at %s after %s", again.Changed, first.Changed)
		}
		days, err := s.List(t.Context(), s.d.Reader(), 2027)
		if err != nil || len(days) != 1 || days[0] != again {
			t.Errorf("List = %+v, %v; want %+v alone", days, err, again)
		}
		got, err := s.Get(t.Context(), s.d.Reader(), again.Date)
		if err != nil || got != again {
			t.Errorf("Get = %+v, %v; want %+v", got, err, again)
		}
	})
}

func TestStoreRemovesDays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s desk) {
		day := s.set(t, "2027-01-01", clock.Off, "元旦")
		if err := s.remove(t.Context(), day.Date); err != nil {
			t.Fatal(err)
		}
		if err := s.remove(t.Context(), day.Date); !errors.Is(err, clock.ErrNoDay) {
			t.Errorf("a second Remove = %v", err)
		}
		if _, err := s.Get(t.Context(), s.d.Reader(), day.Date); !errors.Is(err, clock.ErrNoDay) {
			t.Errorf("Get = %v", err)
		}
	})
}

func TestStoreRefusesWrongDays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s desk) {
		err := s.d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
			_, err := s.Set(ctx, q, clock.Day{Date: date(t, "2027-01-01"), Kind: "half", Name: "x"})
			return err
		})
		if e := errs.From(err); e == nil || e.Kind != errs.Invalid || e.Fields[0].Name != "kind" {
			t.Errorf("Set = %v", err)
		}
		// The table itself refuses what passes by the program.
		for _, row := range [][2]string{{"2027-01-01", "half"}, {"2027-1-1", "off"}} {
			err := s.d.Write(t.Context(), func(ctx context.Context, q db.Querier) error {
				_, err := q.ExecContext(ctx, `/* clock.test */ insert into clock_day (day, kind, name, changed_at) values ($1, $2, '', 0)`, row[0], row[1])
				return err
			})
			if errs.KindOf(db.MapError(err)) != errs.Invalid {
				t.Errorf("%v: %v", row, err)
			}
		}
	})
}

func TestCalendarsFollowTheTable(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s desk) {
		c, err := clock.NewCalendars(s.d.Reader(), clock.DefaultWeeks(zone(t, clock.DefaultZone))...)
		if err != nil {
			t.Fatal(err)
		}
		reload := func() {
			t.Helper()
			if err := c.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		newYear, workday := date(t, "2026-01-01"), date(t, "2026-11-20")
		before := c.Default()
		s.set(t, "2026-01-01", clock.Work, "加班") // over a shipped holiday
		s.set(t, "2026-11-20", clock.Off, "校庆")  // over a plain workday
		if c.Default().IsWorkday(newYear) {
			t.Error("the calendar changed before Reload")
		}
		reload()
		now := c.Default()
		if !now.IsWorkday(newYear) || now.IsWorkday(workday) || before.IsWorkday(newYear) || !before.IsWorkday(workday) {
			t.Error("the edited days do not overlay the shipped ones, or an old snapshot changed")
		}
		edited := map[string]bool{}
		for _, day := range c.Days(2026) {
			edited[day.Date.String()] = !day.Changed.IsZero()
		}
		if len(edited) != 40 || !edited["2026-11-20"] || !edited["2026-01-01"] || edited["2026-10-01"] {
			t.Errorf("days of 2026: %v", edited)
		}
		if err := s.remove(t.Context(), newYear); err != nil {
			t.Fatal(err)
		}
		reload()
		if c.Default().IsWorkday(newYear) {
			t.Error("the shipped holiday does not come back")
		}
	})
}

// Importing the notice for next year ends the alarm.
func TestImportEndsTheAlarm(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s desk) {
		c, err := clock.NewCalendars(s.d.Reader(), clock.DefaultWeeks(zone(t, clock.DefaultZone))...)
		if err != nil {
			t.Fatal(err)
		}
		now := s.fake.Now()
		if year, missing := c.MissingYear(now); !missing || year != 2027 {
			t.Fatalf("MissingYear = %d, %v", year, missing)
		}
		for i := range 7 {
			s.set(t, (date(t, "2027-10-01") + clock.Date(i)).String(), clock.Off, "国庆节")
		}
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if year, missing := c.MissingYear(now); missing {
			t.Errorf("MissingYear = %d after the import", year)
		}
	})
}

func TestReloadKeepsTheOldSnapshotsOnFailure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s desk) {
		c, err := clock.NewCalendars(s.d.Reader(), clock.DefaultWeeks(zone(t, clock.DefaultZone))...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before := c.Default()
		if err := c.Reload(ctx); err == nil || c.Default() != before {
			t.Errorf("Reload = %v", err)
		}
	})
}

func TestCalendarsByName(t *testing.T) {
	t.Parallel()
	weeks := clock.DefaultWeeks(zone(t, clock.DefaultZone))
	c, err := clock.NewCalendars(nil, weeks...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range c.Names() {
		if calendar, err := c.Get(name); err != nil || calendar.Name() != name {
			t.Errorf("Get(%s) = %v, %v", name, calendar, err)
		}
	}
	if c.Default().Name() != clock.Office || len(c.Names()) != 2 {
		t.Errorf("calendars %v", c.Names())
	}
	if _, err := c.Get("none"); !errors.Is(err, clock.ErrUnknownCalendar) {
		t.Errorf("Get(none) = %v", err)
	}
	if _, err := clock.NewCalendars(nil); err == nil {
		t.Error("no calendar at all was accepted")
	}
	if _, err := clock.NewCalendars(nil, weeks[0], weeks[0]); err == nil {
		t.Error("two calendars of one name were accepted")
	}
}

// Every word the package asks for exists, in both languages.
func TestWords(t *testing.T) {
	t.Parallel()
	b, err := i18n.New(i18n.Words, clock.Words)
	if err != nil {
		t.Fatal(err)
	}
	en, zh := b.Locale(i18n.En, nil), b.Locale(i18n.ZhCN, nil)
	for _, tc := range []struct{ got, want string }{
		{clock.WorkingTime(4 * time.Hour).Text(en), "4 hours of working time"},
		{clock.Workdays(2).Text(en), "2 workdays"},
		{clock.Workdays(1).Text(en), "1 workday"},
		{clock.CalendarTime(48 * time.Hour).Text(en), "2 days"},
		{clock.Workdays(2).Text(zh), "2 个工作日"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
	for _, err := range []*errs.Error{clock.ErrBadNotice, clock.ErrNoDay, clock.ErrNoticeTooLarge, clock.ErrUnknownCalendar} {
		if !en.Has("error." + err.Code) {
			t.Errorf("%s has no text", err.Code)
		}
	}
	for _, key := range []string{"bad_year", "bad_day_count", "other_year", "day_twice"} {
		if !en.Has("error.clock." + key) {
			t.Errorf("%s has no text", key)
		}
	}
	for _, key := range []string{clock.Office, clock.AroundTheClock, string(clock.Off), string(clock.Work), "missing_year"} {
		if !en.Has("clock." + key) {
			t.Errorf("clock.%s has no text", key)
		}
	}
}
