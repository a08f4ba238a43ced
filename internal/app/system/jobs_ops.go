package system

import (
	"context"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/op"
)

var (
	countJobs     = op.New("system.job.count", op.Needs(PermStatus), op.Reads())
	listJobs      = op.New("system.job.list", op.Needs(PermStatus), op.Reads())
	readJob       = op.New("system.job.read", op.Needs(PermStatus), op.Reads())
	listSchedules = op.New("system.schedule.list", op.Needs(PermStatus), op.Reads())
	retryJob      = op.New("system.job.retry", op.Needs(PermJobs))
	cancelJob     = op.New("system.job.cancel", op.Needs(PermJobs))
	runSchedule   = op.New("system.schedule.run", op.Needs(PermJobs))
)

// JobCounts returns how many jobs are in each state.
func (s *Service) JobCounts(ctx context.Context, in op.None) (map[jobs.State]int64, error) {
	return op.Query(ctx, s.ops, countJobs, in, func(ctx context.Context, v *op.View, _ op.None) (map[jobs.State]int64, error) {
		return s.jobs.Counts(ctx, v)
	})
}

// ListJobsInput narrows the list of jobs.
type ListJobsInput struct {
	Filter jobs.Filter `json:"filter"`
	Page   db.Page     `json:"page"`
}

// JobList is one page of jobs.
type JobList struct {
	Items []jobs.Status
	Next  string // the cursor of the next page; empty on the last
}

// Jobs lists background work, the newest first.
func (s *Service) Jobs(ctx context.Context, in ListJobsInput) (JobList, error) {
	return op.Query(ctx, s.ops, listJobs, in, func(ctx context.Context, v *op.View, in ListJobsInput) (JobList, error) {
		items, next, err := s.jobs.List(ctx, v, in.Filter, in.Page)
		return JobList{Items: items, Next: next}, err
	})
}

// JobRef names a job.
type JobRef struct {
	ID string `json:"id"`
}

// Job returns one job. jobs.ErrNotFound: there is none.
func (s *Service) Job(ctx context.Context, in JobRef) (jobs.Status, error) {
	return op.Query(ctx, s.ops, readJob, in, func(ctx context.Context, v *op.View, in JobRef) (jobs.Status, error) {
		return s.jobs.Get(ctx, v, in.ID)
	})
}

// RetryJob gives a failed or cancelled job new attempts. jobs.ErrNotFound, jobs.ErrWrongState, jobs.ErrTwin.
func (s *Service) RetryJob(ctx context.Context, in JobRef) (op.None, error) {
	return op.Run(ctx, s.ops, retryJob, in, func(ctx context.Context, tx *op.Tx, in JobRef) (op.None, error) {
		return op.None{}, s.touchJob(ctx, tx, in.ID, s.jobs.Retry)
	})
}

// CancelJob cancels a job that waits, and asks a running one to end. jobs.ErrNotFound, jobs.ErrWrongState.
func (s *Service) CancelJob(ctx context.Context, in JobRef) (op.None, error) {
	return op.Run(ctx, s.ops, cancelJob, in, func(ctx context.Context, tx *op.Tx, in JobRef) (op.None, error) {
		return op.None{}, s.touchJob(ctx, tx, in.ID, s.jobs.Cancel)
	})
}

// jobState is a job as the audit log shows it.
type jobState struct {
	State   jobs.State `json:"state"`
	Attempt int64      `json:"attempt"`
}

func (s *Service) touchJob(ctx context.Context, tx *op.Tx, id string,
	change func(context.Context, db.Querier, string) error,
) error {
	before, err := s.jobs.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := change(ctx, tx, id); err != nil {
		return err
	}
	after, err := s.jobs.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	tx.Changed(op.Thing{Kind: "system.job", ID: id, Label: before.Kind},
		jobState{before.State, before.Attempt}, jobState{after.State, after.Attempt})
	return nil
}

// Schedules returns the periodic work of the program.
func (s *Service) Schedules(ctx context.Context, in op.None) ([]jobs.ScheduleStatus, error) {
	return op.Query(ctx, s.ops, listSchedules, in, func(ctx context.Context, v *op.View, _ op.None) ([]jobs.ScheduleStatus, error) {
		return s.jobs.Schedules(ctx, v)
	})
}

// ScheduleRef names periodic work.
type ScheduleRef struct {
	Kind string `json:"kind"`
}

// RunSchedule runs periodic work at once, besides its schedule, and returns the job. jobs.ErrNotFound: the kind is
// not periodic.
func (s *Service) RunSchedule(ctx context.Context, in ScheduleRef) (JobRef, error) {
	return op.Run(ctx, s.ops, runSchedule, in, func(ctx context.Context, tx *op.Tx, in ScheduleRef) (JobRef, error) {
		id, err := s.jobs.RunNow(ctx, tx, in.Kind)
		tx.Changed(op.Thing{Kind: "system.job", ID: id, Label: in.Kind}, nil, in)
		return JobRef{ID: id}, err
	})
}
