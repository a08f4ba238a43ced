package clock_test

import (
	"errors"
	"strings"
	"testing"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/errs"
)

func noticeOf(days ...string) string {
	return `{"year": 2027, "days": [` + strings.Join(days, ",") + `]}`
}

const newYear = `{"name": "元旦", "date": "2027-01-01", "isOffDay": true}`

func TestParseNotice(t *testing.T) {
	t.Parallel()
	days, err := clock.ParseNotice([]byte(noticeOf(newYear, `{"name":"元旦","date":"2026-12-27","isOffDay":false}`)))
	if err != nil {
		t.Fatal(err)
	}
	if len(days) != 2 || days[0].Kind != clock.Off || days[0].Date.String() != "2027-01-01" || days[1].Kind != clock.Work || days[1].Name != "元旦" {
		t.Errorf("got %+v", days)
	}
}

func TestParseNoticeRefusesOtherForms(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "null", "[]", "{", `"text"`, noticeOf(newYear) + "x", noticeOf(newYear) + "{}",
		`{"year":2027,"days":[` + newYear + `],"more":1}`,
		`{"year":2027,"year":2028,"days":[` + newYear + `]}`,
		`{"year":2027,"days":[` + newYear + `],"Days":[]}`,
		noticeOf(`{"name":"a","name":"b","date":"2027-01-01","isOffDay":true}`),
		noticeOf(`{"name":"a","date":"2027-01-01","isOffDay":"yes"}`),
		noticeOf(strings.Repeat("[", 100)),
	} {
		days, err := clock.ParseNotice([]byte(raw))
		if raw == "null" { // JSON's null decodes into nothing: refused for its empty year
			if errs.KindOf(err) != errs.Invalid {
				t.Errorf("null: %v", err)
			}
			continue
		}
		if !errors.Is(err, clock.ErrBadNotice) || days != nil {
			t.Errorf("%s: got %v, %v", raw, days, err)
		}
	}
	large := noticeOf(newYear + strings.Repeat(" ", 64<<10))
	if _, err := clock.ParseNotice([]byte(large)); !errors.Is(err, clock.ErrNoticeTooLarge) {
		t.Errorf("a large file: %v", err)
	}
}

func TestParseNoticeNamesTheField(t *testing.T) {
	t.Parallel()
	many := make([]string, 121)
	for i := range many {
		many[i] = newYear
	}
	for _, tc := range []struct{ raw, field, code string }{
		{`{"year":1,"days":[` + newYear + `]}`, "year", "clock.bad_year"},
		{noticeOf(), "days", "clock.bad_day_count"},
		{noticeOf(many...), "days", "clock.bad_day_count"},
		{noticeOf(newYear, newYear), "days.1.date", "clock.day_twice"},
		{noticeOf(newYear, `{"name":"x","date":"2027-02-30","isOffDay":true}`), "days.1.date", "bad_date"},
		{noticeOf(`{"name":"x","date":"2026-11-30","isOffDay":true}`), "days.0.date", "clock.other_year"},
		{noticeOf(`{"name":"x","date":"2028-02-01","isOffDay":true}`), "days.0.date", "clock.other_year"},
		{noticeOf(`{"date":"2027-02-01","isOffDay":true}`), "days.0.name", "required"},
		{noticeOf(`{"name":"x","date":"2027-02-01"}`), "days.0.isOffDay", "required"},
		{noticeOf(`{"name":"` + strings.Repeat("节", 51) + `","date":"2027-02-01","isOffDay":true}`), "days.0.name", "too_long"},
		{noticeOf(`{"name":"a\nb","date":"2027-02-01","isOffDay":true}`), "days.0.name", "bad_format"},
	} {
		_, err := clock.ParseNotice([]byte(tc.raw))
		e := errs.From(err)
		if e == nil || e.Code != errs.CodeInvalidInput || len(e.Fields) != 1 || e.Fields[0].Name != tc.field || e.Fields[0].Code != tc.code {
			t.Errorf("%.80s: got %v, want %s=%s", tc.raw, err, tc.field, tc.code)
		}
	}
}

func TestParseNoticeReportsAtMostTwentyFaults(t *testing.T) {
	t.Parallel()
	faulty := make([]string, 100)
	for i := range faulty {
		faulty[i] = `{}`
	}
	_, err := clock.ParseNotice([]byte(noticeOf(faulty...)))
	if e := errs.From(err); e == nil || len(e.Fields) != 20 {
		t.Errorf("got %v", err)
	}
}

func TestDayValidate(t *testing.T) {
	t.Parallel()
	good := clock.Day{Date: date(t, "2027-01-01"), Kind: clock.Off, Name: "元旦"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := clock.Day{Date: date(t, "0001-01-01"), Kind: "holiday"}
	e := errs.From(bad.Validate())
	if e == nil || len(e.Fields) != 3 {
		t.Fatalf("got %v", e)
	}
	for i, want := range []string{"kind", "day", "name"} {
		if e.Fields[i].Name != want {
			t.Errorf("field %d is %s, want %s", i, e.Fields[i].Name, want)
		}
	}
}

func FuzzParseNotice(f *testing.F) {
	f.Add([]byte(noticeOf(newYear))) // small: the fuzzer takes minutes to minimise a whole year
	f.Add([]byte(noticeOf(newYear, newYear)))
	f.Add([]byte(`{"days":[{}],"days":[]}`))
	week := clock.DefaultWeeks(zone(f, clock.DefaultZone))[0]
	f.Fuzz(func(t *testing.T, raw []byte) {
		days, err := clock.ParseNotice(raw)
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Fatalf("the fault of a file came as %v", err)
			}
			return
		}
		seen := map[clock.Date]bool{}
		for _, d := range days {
			if err := d.Validate(); err != nil || seen[d.Date] {
				t.Fatalf("accepted %+v (%v)", d, err)
			}
			seen[d.Date] = true
		}
		c, err := clock.NewCalendar(week, days...)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range days {
			if c.IsWorkday(d.Date) != (d.Kind == clock.Work) {
				t.Fatalf("%+v is not in the calendar", d)
			}
		}
	})
}
