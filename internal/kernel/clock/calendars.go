package clock

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tongban/internal/kernel/db"
)

// Calendars holds a snapshot of every calendar of the program. Before the first Reload the snapshots know the
// shipped days only.
type Calendars struct {
	q       db.Querier
	weeks   []Week
	reload  sync.Mutex // keeps an older reading from replacing a newer one
	current atomic.Pointer[snapshots]
}

type snapshots struct {
	days   map[Date]Day
	byName map[string]*Calendar
}

// NewCalendars returns the calendars that weeks declare, the first being the default. Reload reads from q.
func NewCalendars(q db.Querier, weeks ...Week) (*Calendars, error) {
	if len(weeks) == 0 {
		return nil, fmt.Errorf("clock: no calendar declared")
	}
	c := &Calendars{q: q}
	names := map[string]bool{}
	for _, w := range weeks {
		if err := w.check(); err != nil {
			return nil, fmt.Errorf("clock: %w", err)
		}
		if names[w.Name] {
			return nil, fmt.Errorf("clock: calendar %s is declared twice", w.Name)
		}
		names[w.Name] = true
		c.weeks = append(c.weeks, w.clone())
	}
	c.replace(nil)
	return c, nil
}

// Reload reads the edited days and replaces all snapshots. Snapshots handed out before stay as they were.
func (c *Calendars) Reload(ctx context.Context) error {
	c.reload.Lock()
	defer c.reload.Unlock()
	edited, err := allDays(ctx, c.q)
	if err != nil {
		return err
	}
	c.replace(edited)
	return nil
}

func (c *Calendars) replace(edited []Day) {
	s := &snapshots{days: overlay(shipped(), edited), byName: make(map[string]*Calendar, len(c.weeks))}
	for _, w := range c.weeks {
		s.byName[w.Name] = newCalendar(w, s.days)
	}
	c.current.Store(s)
}

// Names returns the names of the calendars as they were declared.
func (c *Calendars) Names() []string {
	names := make([]string, len(c.weeks))
	for i, w := range c.weeks {
		names[i] = w.Name
	}
	return names
}

// Get returns the present snapshot of a calendar; ErrUnknownCalendar when none has this name.
func (c *Calendars) Get(name string) (*Calendar, error) {
	calendar, ok := c.current.Load().byName[name]
	if !ok {
		return nil, ErrUnknownCalendar
	}
	return calendar, nil
}

// Default returns the present snapshot of the calendar declared first.
func (c *Calendars) Default() *Calendar { return c.current.Load().byName[c.weeks[0].Name] }

// Days returns the statutory days of a year in order, shipped and edited; a day an administrator set has Changed.
func (c *Calendars) Days(year int) []Day {
	var days []Day
	for date, day := range c.current.Load().days {
		if date.Year() == year {
			days = append(days, day)
		}
	}
	slices.SortFunc(days, byDate)
	return days
}

// MissingYear is that of the default calendar, for the status page and the doctor.
func (c *Calendars) MissingYear(now time.Time) (year int, missing bool) {
	return c.Default().MissingYear(now)
}
