package portal

import (
	"context"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

var readHome = op.New("portal.home.read", op.For(op.Public), op.Reads())

// daysAhead is how many days of opening hours the front page shows.
const daysAhead = 7

// Home is what the front page says.
type Home struct {
	Organisation identity.Organisation
	Now          time.Time
	Open         bool      // somebody is there now
	Next         time.Time // when it opens next; without meaning while open
	Closes       time.Time // when it closes today; zero while closed
	Days         []OpeningDay
}

// OpeningDay is a day with its opening hours; none on a day off.
type OpeningDay struct {
	Date    time.Time // its midnight in the organisation's zone
	Hours   []clock.Interval
	Holiday string // the statutory day's name, also of a make-up workday; empty on a plain day
}

// Home returns what the front page says.
func (s *Service) Home(ctx context.Context, in op.None) (Home, error) {
	return op.Query(ctx, s.Ops, readHome, in, func(ctx context.Context, _ *op.View, in op.None) (Home, error) {
		org, err := s.Organisation.Organisation(ctx, in)
		if err != nil {
			return Home{}, err
		}
		return s.home(org, s.Clock.Now()), nil
	})
}

func (s *Service) home(org identity.Organisation, now time.Time) Home {
	c := s.Calendars.Default()
	h := Home{Organisation: org, Now: now, Open: c.IsWorking(now), Next: c.NextWorking(now)}
	for d, i := c.DateOf(now), 0; i < daysAhead; i++ {
		day := OpeningDay{Date: d.At(0, c.Zone()), Hours: c.Hours(d)}
		if statutory, ok := c.StatutoryDay(d); ok {
			day.Holiday = statutory.Name
		}
		if i == 0 && h.Open {
			h.Closes = c.Close(d)
		}
		h.Days = append(h.Days, day)
		d++
	}
	return h
}
