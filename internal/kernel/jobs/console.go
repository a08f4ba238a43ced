package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
)

// Filter narrows a List; empty fields do not.
type Filter struct {
	State State
	Kind  string
}

// MaxList is the most rows List returns at once.
const MaxList = 200

const statusColumns = ` id, kind, coalesce(unique_key, ''), state, attempt, owner, cancel_asked, created_at, run_at,
	started_at, finished_at, error, progress_done, progress_total, args, coalesce(result, '')`

func (e *Engine) scanStatus(rows *sql.Rows) (Status, error) {
	var s Status
	var owner, args, result string
	var created, runAt, started, finished db.Time
	err := rows.Scan(&s.ID, &s.Kind, &s.Unique, &s.State, &s.Attempt, &owner, &s.CancelAsked, &created, &runAt,
		&started, &finished, &s.Error, &s.Done, &s.Total, &args, &result)
	s.Node, _, _ = strings.Cut(owner, ownerMark)
	s.CreatedAt, s.RunAt, s.StartedAt, s.FinishedAt = created.Time, runAt.Time, started.Time, finished.Time
	s.Args = json.RawMessage(args)
	if result != "" {
		s.Result = json.RawMessage(result)
	}
	if d, ok := e.def(s.Kind); ok {
		s.MaxAttempts = int64(d.MaxAttempts)
	}
	return s, err
}

// List returns jobs, the newest first.
func (e *Engine) List(ctx context.Context, q db.Querier, f Filter, p db.Page) ([]Status, string, error) {
	before := "~" // sorts after every id
	if p.Cursor != "" {
		if err := db.DecodeCursor(p.Cursor, &before); err != nil {
			return nil, "", err
		}
	}
	query, args := `/* jobs.list */ select`+statusColumns+` from jobs_job where id < $1`, []any{before}
	if f.State != "" {
		args = append(args, string(f.State))
		query += fmt.Sprintf(" and state = $%d", len(args))
	}
	if f.Kind != "" {
		args = append(args, f.Kind)
		query += fmt.Sprintf(" and kind = $%d", len(args))
	}
	size := p.Size(MaxList)
	args = append(args, size+1)
	rows, err := collect(ctx, q, e.scanStatus, query+fmt.Sprintf(" order by id desc limit $%d", len(args)), args...)
	if err != nil {
		return nil, "", err
	}
	rows, next := db.Cut(rows, size, func(s Status) []any { return []any{s.ID} })
	return rows, next, nil
}

// Get returns one job. ErrNotFound: there is none.
func (e *Engine) Get(ctx context.Context, q db.Querier, id string) (Status, error) {
	rows, err := collect(ctx, q, e.scanStatus, `/* jobs.byID */ select`+statusColumns+` from jobs_job where id = $1`, id)
	if err != nil {
		return Status{}, err
	}
	if len(rows) == 0 {
		return Status{}, ErrNotFound
	}
	return rows[0], nil
}

// Retry gives a failed or cancelled job new attempts, beginning now. ErrNotFound, ErrWrongState; ErrTwin: a job with the same unique key
// is not finished.
func (e *Engine) Retry(ctx context.Context, q db.Querier, id string) error {
	s, err := e.Get(ctx, q, id)
	if err != nil {
		return err
	}
	if s.State != Failed && s.State != Cancelled {
		return ErrWrongState
	}
	var twin string
	err = q.QueryRowContext(ctx, `/* jobs.twin */
		select id from jobs_job where kind = $1 and unique_key = $2 and state in ('ready', 'running')`,
		s.Kind, s.Unique).Scan(&twin)
	if err == nil {
		return ErrTwin
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return db.MapError(err)
	}
	res, err := q.ExecContext(ctx, `/* jobs.retry */
		update jobs_job set state = 'ready', attempt = 0, run_at = $1, finished_at = null, cancel_asked = false
		where id = $2 and state in ('failed', 'cancelled')`, db.At(e.Clock.Now()), id)
	return e.changed(ctx, res, err)
}

// Cancel cancels a job that waits, and asks the node that runs it to cancel it. Work that does not listen to its
// context still gets done. ErrNotFound, ErrWrongState: it is finished.
func (e *Engine) Cancel(ctx context.Context, q db.Querier, id string) error {
	if _, err := e.Get(ctx, q, id); err != nil {
		return err
	}
	res, err := q.ExecContext(ctx, `/* jobs.cancel */
		update jobs_job set cancel_asked = true,
			finished_at = case when state = 'ready' then cast($1 as bigint) end,
			state = case when state = 'ready' then 'cancelled' else state end
		where id = $2 and state in ('ready', 'running')`, db.At(e.Clock.Now()), id)
	return e.changed(ctx, res, err)
}

func (e *Engine) changed(ctx context.Context, res sql.Result, err error) error {
	ok, err := oneRow(res, err)
	if err == nil && !ok {
		err = ErrWrongState
	}
	if err == nil {
		db.AfterCommit(ctx, e.ring)
	}
	return err
}

// RunNow runs periodic work at once, besides its schedule, and returns the job. When a run waits or runs already,
// it is that one, and it does not wait any longer. ErrNotFound: the kind is not periodic.
func (e *Engine) RunNow(ctx context.Context, q db.Querier, kind string) (string, error) {
	if d, ok := e.def(kind); !ok || d.Every == nil {
		return "", ErrNotFound
	}
	now := e.Clock.Now()
	id, err := insertJob(ctx, q, ids.New(), Job{Kind: kind, At: now, Unique: scheduled}, "{}", now)
	if err != nil {
		return "", err
	}
	_, err = q.ExecContext(ctx, `/* jobs.hurry */
		update jobs_job set run_at = $1 where id = $2 and state = 'ready' and run_at > $1`, db.At(now), id)
	db.AfterCommit(ctx, e.ring)
	return id, db.MapError(err)
}

// Counts returns how many jobs are in each state.
func (e *Engine) Counts(ctx context.Context, q db.Querier) (map[State]int64, error) {
	counts := map[State]int64{}
	for _, s := range States() {
		counts[s] = 0
	}
	_, err := collect(ctx, q, func(rows *sql.Rows) (State, error) {
		var s State
		var n int64
		err := rows.Scan(&s, &n)
		counts[s] = n
		return s, err
	}, `/* jobs.counts */ select state, count(*) from jobs_job group by state`)
	return counts, err
}

// ScheduleStatus is how periodic work stands.
type ScheduleStatus struct {
	Kind string
	Spec string // the schedule, described
	Rule Rule   // the same in parts
	Next time.Time
	Last time.Time // when it was enqueued last; zero: never yet
}

// Schedules returns the periodic work of this program, by kind.
func (e *Engine) Schedules(ctx context.Context, q db.Querier) ([]ScheduleStatus, error) {
	all, err := collect(ctx, q, scanSchedule, `/* jobs.schedules */
		select kind, spec, next_at, last_at from jobs_schedule order by kind limit 1000`)
	known := all[:0]
	for _, s := range all {
		if d, ok := e.def(s.Kind); ok && d.Every != nil {
			s.Rule = d.Every.Rule()
			known = append(known, s)
		}
	}
	return known, err
}

// purgeBatch is the most jobs deleted in one transaction, so as not to keep other writers waiting.
const purgeBatch = 2000

// purging is the package's own periodic work: it deletes jobs that were finished long ago.
func (e *Engine) purging() Definition {
	return Definition{Kind: "jobs.purge", Every: Every(6 * time.Hour), Run: func(ctx context.Context, _ json.RawMessage) error {
		now := e.Clock.Now()
		for _, rule := range []struct {
			state  State
			before time.Time
		}{{Done, now.Add(-e.Keep)}, {Cancelled, now.Add(-e.Keep)}, {Failed, now.Add(-e.KeepFailed)}} {
			for n := int64(purgeBatch); n == purgeBatch; {
				if err := ctx.Err(); err != nil {
					return err
				}
				err := e.DB.Write(ctx, func(ctx context.Context, q db.Querier) (err error) {
					n, err = purge(ctx, q, rule.state, rule.before, purgeBatch)
					return err
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

func purge(ctx context.Context, q db.Querier, state State, before time.Time, limit int) (int64, error) {
	res, err := q.ExecContext(ctx, `/* jobs.purge */
		delete from jobs_job where id in (
			select id from jobs_job where state = $1 and finished_at < $2 order by id limit $3)`,
		string(state), db.At(before), limit)
	if err != nil {
		return 0, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n, db.MapError(err)
}
