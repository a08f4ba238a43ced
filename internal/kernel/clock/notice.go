package clock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tongban/internal/kernel/errs"
)

// What ParseNotice refuses without looking closer, and how many faults it reports.
const (
	maxNotice     = 64 << 10
	maxNoticeDays = 120
	maxFaults     = 20
)

type notice struct {
	Schema string   `json:"$schema"`
	ID     string   `json:"$id"`
	Year   int      `json:"year"`
	Papers []string `json:"papers"`
	Days   []struct {
		Name string `json:"name"`
		Date string `json:"date"`
		Off  *bool  `json:"isOffDay"`
	} `json:"days"`
}

// ParseNotice reads the statutory days of a year in the form of github.com/NateScarlet/holiday-cn:
//
//	{"year": 2026, "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": true}]}
//
// It trusts nothing: ErrNoticeTooLarge beyond 64 KiB, ErrBadNotice for anything but that form (unknown, repeated
// or missing members, text after the end), and field errors such as days.3.date for days that are wrong, stand
// twice, or are neither of the year nor of the months next to it.
func ParseNotice(raw []byte) ([]Day, error) {
	if len(raw) > maxNotice {
		return nil, ErrNoticeTooLarge.With("max", maxNotice>>10)
	}
	n, err := decodeNotice(raw)
	if err != nil {
		return nil, ErrBadNotice.Because(err)
	}
	if n.Year < firstCachedYear || n.Year > lastCachedYear {
		return nil, errs.InvalidFields(errs.Field{Name: "year", Code: "clock.bad_year"})
	}
	if len(n.Days) == 0 || len(n.Days) > maxNoticeDays {
		return nil, errs.InvalidFields(errs.Field{Name: "days", Code: "clock.bad_day_count", Params: map[string]any{"max": maxNoticeDays}})
	}
	days, fields := n.days()
	if len(fields) > maxFaults {
		fields = fields[:maxFaults]
	}
	if err := errs.InvalidFields(fields...); err != nil {
		return nil, err
	}
	return days, nil
}

func (n notice) days() ([]Day, []errs.Field) {
	var fields []errs.Field
	days := make([]Day, 0, len(n.Days))
	seen := map[Date]bool{}
	for i, d := range n.Days {
		at := func(member string) string { return fmt.Sprintf("days.%d.%s", i, member) }
		day := Day{Name: d.Name, Kind: Work}
		if f, bad := checkName(at("name"), d.Name); bad {
			fields = append(fields, f)
		}
		if d.Off == nil {
			fields = append(fields, errs.Field{Name: at("isOffDay"), Code: "required"})
		} else if *d.Off {
			day.Kind = Off
		}
		date, err := ParseDate(d.Date)
		switch {
		case err != nil:
			fields = append(fields, errs.Field{Name: at("date"), Code: "bad_date"})
		case !nearYear(date, n.Year):
			fields = append(fields, errs.Field{Name: at("date"), Code: "clock.other_year", Params: map[string]any{"year": n.Year}})
		case seen[date]:
			fields = append(fields, errs.Field{Name: at("date"), Code: "clock.day_twice"})
		}
		seen[date] = true
		day.Date = date
		days = append(days, day)
	}
	return days, fields
}

// nearYear reports whether a notice for year may speak of d: a holiday can begin in the December before or end
// in the January after.
func nearYear(d Date, year int) bool {
	return NewDate(year-1, time.December, 1) <= d && d <= NewDate(year+1, time.January, 31)
}

func decodeNotice(raw []byte) (notice, error) {
	var n notice
	if err := checkMembers(json.NewDecoder(bytes.NewReader(raw))); err != nil {
		return n, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&n); err != nil {
		return n, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return n, errors.New("text after the end")
	}
	return n, nil
}

// maxDepth is deeper than any notice; encoding/json has its own limit, far higher.
const maxDepth = 8

// checkMembers refuses an object that has a member twice: encoding/json would silently take the last.
func checkMembers(dec *json.Decoder) error {
	type level struct {
		members map[string]bool // nil for an array
		key     bool            // the next token of an object is a member's name
	}
	var open []level
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			top := &open[len(open)-1]
			if name, ok := token.(string); ok && top.key {
				name = strings.ToLower(name) // encoding/json matches names without regard to case
				if top.members[name] {
					return fmt.Errorf("member %q stands twice", name)
				}
				top.members[name] = true
				top.key = false
				continue
			}
			top.key = top.members != nil
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{members: map[string]bool{}, key: true})
		case json.Delim('['):
			open = append(open, level{})
		}
		if len(open) > maxDepth {
			return errors.New("nested too deep")
		}
	}
}
