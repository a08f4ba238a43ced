package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"tongban/internal/kernel/db"
)

// insertJob returns id, or the id of the unfinished job with the same unique key.
func insertJob(ctx context.Context, q db.Querier, id string, j Job, args string, now time.Time) (string, error) {
	unique := sql.NullString{String: j.Unique, Valid: j.Unique != ""}
	err := q.QueryRowContext(ctx, `/* jobs.insert */
		insert into jobs_job (id, kind, args, unique_key, state, run_at, attempt, owner, cancel_asked, created_at, error,
			progress_done, progress_total)
		values ($1, $2, $3, $4, 'ready', $5, 0, '', false, $6, '', 0, 0)
		on conflict (kind, unique_key) where unique_key is not null and state in ('ready', 'running')
			do update set unique_key = excluded.unique_key
		returning id`, id, j.Kind, args, unique, db.At(j.At), db.At(now)).Scan(&id)
	return id, db.MapError(err)
}

// sight is what there is to do, seen without writing.
type sight struct {
	ready    bool // a job of a known kind is due
	orphans  bool // a lease is over
	periodic bool // a schedule is due
	cancel   bool // somebody asked to cancel one of ours
}

func readSight(ctx context.Context, q db.Querier, now time.Time, owner string, kinds []any) (sight, error) {
	var s sight
	in := db.In(len(kinds), 3)
	err := q.QueryRowContext(ctx, `/* jobs.sight */
		select exists (select 1 from jobs_job where state = 'ready' and run_at <= $1 and kind in (`+in+`)),
			exists (select 1 from jobs_job where state = 'running' and lease_until <= $1),
			exists (select 1 from jobs_schedule where next_at <= $1 and kind in (`+in+`)),
			exists (select 1 from jobs_job where state = 'running' and owner = $2 and cancel_asked)`,
		append([]any{db.At(now), owner}, kinds...)...).Scan(&s.ready, &s.orphans, &s.periodic, &s.cancel)
	return s, db.MapError(err)
}

// claim takes at most limit due jobs. The state is asked twice: on PostgreSQL two nodes may find the same rows, and
// the second one looks again when it comes to write them.
func claim(ctx context.Context, q db.Querier, owner string, now, until time.Time, kinds []any, limit int) ([]*run, error) {
	return collect(ctx, q, func(rows *sql.Rows) (*run, error) {
		r := &run{}
		var args string
		var due db.Time
		err := rows.Scan(&r.id, &r.kind, &args, &r.attempt, &due)
		r.args, r.due = json.RawMessage(args), due.Time
		return r, err
	}, `/* jobs.claim */
		update jobs_job set state = 'running', attempt = attempt + 1, owner = $1, lease_until = $2, started_at = $3,
			progress_done = 0, progress_total = 0
		where state = 'ready' and id in (
			select id from jobs_job where state = 'ready' and run_at <= $3 and kind in (`+db.In(len(kinds), 5)+`)
			order by run_at, id limit $4)
		returning id, kind, args, attempt, run_at`,
		append([]any{owner, db.At(until), db.At(now), limit}, kinds...)...)
}

// prolong prolongs leases and returns those that are still held, with whether their cancellation was asked.
func prolong(ctx context.Context, q db.Querier, owner string, until time.Time, runs []any) (map[string]bool, error) {
	kept := map[string]bool{}
	_, err := collect(ctx, q, func(rows *sql.Rows) (bool, error) {
		var id string
		var asked bool
		err := rows.Scan(&id, &asked)
		kept[id] = asked
		return asked, err
	}, `/* jobs.prolong */
		update jobs_job set lease_until = $1
		where owner = $2 and state = 'running' and id in (`+db.In(len(runs), 3)+`)
		returning id, cancel_asked`, append([]any{db.At(until), owner}, runs...)...)
	return kept, err
}

func storeProgress(ctx context.Context, q db.Querier, id, owner string, done, total int64) error {
	_, err := q.ExecContext(ctx, `/* jobs.progress */
		update jobs_job set progress_done = $1, progress_total = $2 where id = $3 and owner = $4 and state = 'running'`,
		done, total, id, owner)
	return db.MapError(err)
}

// storeDone stores the end of jobs of which there is nothing more to tell than that they are done.
func storeDone(ctx context.Context, q db.Querier, owner string, runs []any, now time.Time) error {
	if len(runs) == 0 {
		return nil
	}
	_, err := q.ExecContext(ctx, `/* jobs.done */
		update jobs_job set state = 'done', finished_at = $1, error = '', owner = '', lease_until = null
		where owner = $2 and state = 'running' and id in (`+db.In(len(runs), 3)+`)`,
		append([]any{db.At(now), owner}, runs...)...)
	return db.MapError(err)
}

// storeEnd stores how a run ended; false when the job is not this run's any more.
func storeEnd(ctx context.Context, q db.Querier, r *run, owner string, f fate, result json.RawMessage, done, total int64, now time.Time) (bool, error) {
	finished := db.At(now)
	if f.state == Ready {
		finished = db.Time{}
	}
	stored := sql.NullString{String: string(result), Valid: result != nil && f.state == Done}
	res, err := q.ExecContext(ctx, `/* jobs.end */
		update jobs_job set state = $1, attempt = $2, run_at = $3, finished_at = $4, error = $5, result = $6,
			progress_done = $7, progress_total = $8, owner = '', lease_until = null
		where id = $9 and owner = $10 and attempt = $11 and state = 'running'`,
		string(f.state), f.attempt, db.At(f.runAt), finished, f.err, stored, done, total, r.id, owner, r.attempt)
	return oneRow(res, err)
}

type lost struct {
	id, kind string
	attempt  int64
}

// reap makes the jobs ready whose lease is over. Those that still run here were prolonged before.
func reap(ctx context.Context, q db.Querier, now time.Time) ([]lost, error) {
	return collect(ctx, q, func(rows *sql.Rows) (lost, error) {
		var l lost
		return l, rows.Scan(&l.id, &l.kind, &l.attempt)
	}, `/* jobs.reap */
		update jobs_job set state = 'ready', run_at = $1, owner = '', lease_until = null,
			error = 'the node that ran it is gone'
		where state = 'running' and lease_until <= $1
		returning id, kind, attempt`, db.At(now))
}

func failLost(ctx context.Context, q db.Querier, id string, now time.Time) error {
	_, err := q.ExecContext(ctx, `/* jobs.failLost */
		update jobs_job set state = 'failed', finished_at = $1 where id = $2 and state = 'ready'`, db.At(now), id)
	return db.MapError(err)
}

// openSchedule stores when periodic work is due first. A due time that is stored stays, also one that has passed, unless
// the schedule itself has changed.
func openSchedule(ctx context.Context, q db.Querier, kind, spec string, next time.Time) error {
	_, err := q.ExecContext(ctx, `/* jobs.openSchedule */
		insert into jobs_schedule (kind, spec, next_at) values ($1, $2, $3)
		on conflict (kind) do update set spec = excluded.spec, next_at = excluded.next_at
		where jobs_schedule.spec <> excluded.spec`, kind, spec, db.At(next))
	return db.MapError(err)
}

func dueSchedules(ctx context.Context, q db.Querier, now time.Time, kinds []any) ([]ScheduleStatus, error) {
	return collect(ctx, q, scanSchedule, `/* jobs.dueSchedules */
		select kind, spec, next_at, last_at from jobs_schedule
		where next_at <= $1 and kind in (`+db.In(len(kinds), 2)+`) order by kind`,
		append([]any{db.At(now)}, kinds...)...)
}

func scanSchedule(rows *sql.Rows) (ScheduleStatus, error) {
	var s ScheduleStatus
	var next, last db.Time
	err := rows.Scan(&s.Kind, &s.Spec, &next, &last)
	s.Next, s.Last = next.Time, last.Time
	return s, err
}

// moveSchedule moves a due time; false when another node has.
func moveSchedule(ctx context.Context, q db.Querier, kind string, from, to, now time.Time) (bool, error) {
	res, err := q.ExecContext(ctx, `/* jobs.moveSchedule */
		update jobs_schedule set next_at = $1, last_at = $2 where kind = $3 and next_at = $4`,
		db.At(to), db.At(now), kind, db.At(from))
	return oneRow(res, err)
}

func oneRow(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n == 1, db.MapError(err)
}

// collect runs a query and scans each row.
func collect[T any](ctx context.Context, q db.Querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, db.MapError(err)
		}
		all = append(all, v)
	}
	return all, db.MapError(rows.Err())
}
