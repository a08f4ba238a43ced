package system

import (
	"context"
	"runtime"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
)

var (
	openConsole = op.New("system.console.open", op.Needs(PermConsole), op.Reads())
	readStatus  = op.New("system.status.read", op.Needs(PermStatus), op.Reads())
)

// Today is what everybody in the console sees first.
type Today struct {
	Now        time.Time
	DayBegan   time.Time // in the organisation's zone
	Workday    bool
	Holiday    string    // the statutory day's name; empty on a plain day
	Open       bool      // within working hours
	OpenNext   time.Time // when it opens, or closes, next
	MissedYear int       // a year whose statutory holidays are missing; zero when none is
}

// Today tells about the working day. It is the front page of the console.
func (s *Service) Today(ctx context.Context, in op.None) (Today, error) {
	return op.Query(ctx, s.ops, openConsole, in, func(context.Context, *op.View, op.None) (Today, error) {
		return s.today(s.clock.Now()), nil
	})
}

func (s *Service) today(now time.Time) Today {
	c := s.calendars.Default()
	date := c.DateOf(now)
	t := Today{
		Now: now, DayBegan: date.At(0, c.Zone()), Workday: c.IsWorkday(date), Open: c.IsWorking(now), OpenNext: c.NextWorking(now),
	}
	if day, ok := c.StatutoryDay(date); ok {
		t.Holiday = day.Name
	}
	if year, missing := s.calendars.MissingYear(now); missing {
		t.MissedYear = year
	}
	return t
}

// Status is how the program is doing.
type Status struct {
	Version  string
	Engine   db.Engine
	Started  time.Time
	Memory   int64 // bytes of the heap in use
	Routines int
	Storage  db.Stats
}

// Status tells how the program is doing.
func (s *Service) Status(ctx context.Context, in op.None) (Status, error) {
	return op.Query(ctx, s.ops, readStatus, in, func(context.Context, *op.View, op.None) (Status, error) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return Status{
			Version: s.version, Engine: s.db.Engine(), Started: s.started, Memory: int64(m.HeapInuse),
			Routines: runtime.NumGoroutine(), Storage: s.db.Stats(),
		}, nil
	})
}
