package system

import (
	"embed"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
)

//go:embed locales
var words embed.FS

// Deps is what a Service needs.
type Deps struct {
	DB        *db.DB
	Ops       *op.Runner
	Clock     clock.Clock
	Outbox    *events.Outbox
	Jobs      *jobs.Engine
	Calendars *clock.Calendars
	Version   string
	Backups   Backups
}

// Service is the program's own room. It is safe for concurrent use.
type Service struct {
	db        *db.DB
	ops       *op.Runner
	clock     clock.Clock
	outbox    *events.Outbox
	jobs      *jobs.Engine
	calendars *clock.Calendars
	days      *clock.Store
	version   string
	started   time.Time
	backups   Backups
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{
		db: d.DB, ops: d.Ops, clock: d.Clock, outbox: d.Outbox, jobs: d.Jobs, calendars: d.Calendars,
		days: clock.NewStore(d.Clock), version: d.Version, started: d.Clock.Now(), backups: d.Backups,
	}
}

// Module describes the room.
func (s *Service) Module() module.Module {
	return module.Module{
		Name: "system", Words: words, Facts: []string{FactCalendarChanged}, Jobs: s.periodic(),
		Operations: []op.Bound{
			op.Bind(openConsole, s.Today), op.Bind(readStatus, s.Status), op.Bind(listBackups, s.Backups),
			op.Bind(listDays, s.Days), op.Bind(setDay, s.SetDay), op.Bind(removeDay, s.RemoveDay), op.Bind(importNotice, s.ImportNotice),
			op.Bind(countJobs, s.JobCounts), op.Bind(listJobs, s.Jobs), op.Bind(readJob, s.Job), op.Bind(retryJob, s.RetryJob),
			op.Bind(cancelJob, s.CancelJob), op.Bind(listSchedules, s.Schedules), op.Bind(runSchedule, s.RunSchedule),
			op.Bind(listLag, s.Lag), op.Bind(listParked, s.ParkedEvents),
			op.Bind(retryParked, s.RetryEvent), op.Bind(skipParked, s.SkipEvent),
		},
	}
}
