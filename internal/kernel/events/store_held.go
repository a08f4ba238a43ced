package events

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"tongban/internal/kernel/db"
)

// The functions that change events_parked are called with the subscription's cursor row locked, so that there is
// always exactly one row of a subject that is not waiting: the first.

func dueSubscriptions(ctx context.Context, q db.Querier, now time.Time) ([]string, error) {
	return collect(ctx, q, func(r *sql.Rows, name *string) error { return db.MapError(r.Scan(name)) },
		`/* events.dueSubscriptions */
		select distinct subscription from events_parked where state = 'retrying' and due_at <= $1`, db.At(now))
}

func readDue(ctx context.Context, q db.Querier, name string, now time.Time, limit int) ([]hold, error) {
	return collect(ctx, q, func(r *sql.Rows, h *hold) error { return scanEvent(r, &h.event, &h.attempts) },
		`/* events.due */
		select`+eventColumns+`, p.attempts
		from events_parked p join events_event e on e.id = p.event_id
		where p.subscription = $1 and p.state = 'retrying' and p.due_at <= $2
		order by p.due_at, p.position limit $3`, name, db.At(now), limit)
}

// insertHold stores an event that was not handled. Whether it is the first of its subject is decided here, not
// where it was read, because somebody may have skipped the one before it meanwhile.
func insertHold(ctx context.Context, q db.Querier, name string, h hold) error {
	_, err := q.ExecContext(ctx, `/* events.insertHold */
		insert into events_parked (subscription, event_id, position, subject, state, attempts, due_at, error)
		values ($1, $2, $3, $4,
			case when exists (select 1 from events_parked p where p.subscription = $1 and p.subject = $4)
				then 'waiting' else 'retrying' end,
			$5, $6, $7)
		on conflict (subscription, event_id) do nothing`,
		name, h.event.ID, h.event.Position, h.event.Subject, h.attempts, db.At(h.due), h.err)
	return db.MapError(err)
}

func delayHold(ctx context.Context, q db.Querier, name string, h hold) error {
	_, err := q.ExecContext(ctx, `/* events.delayHold */
		update events_parked set attempts = $1, due_at = $2, error = $3 where subscription = $4 and event_id = $5`,
		h.attempts, db.At(h.due), h.err, name, h.event.ID)
	return db.MapError(err)
}

func parkHold(ctx context.Context, q db.Querier, name string, h hold, now time.Time) error {
	_, err := q.ExecContext(ctx, `/* events.parkHold */
		update events_parked set state = 'parked', attempts = $1, error = $2, parked_at = $3
		where subscription = $4 and event_id = $5`, h.attempts, h.err, db.At(now), name, h.event.ID)
	return db.MapError(err)
}

// dropHold forgets an event and lets the next of its subject be tried.
func dropHold(ctx context.Context, q db.Querier, name, subject, eventID string, now time.Time) error {
	if _, err := q.ExecContext(ctx, `/* events.dropHold */
		delete from events_parked where subscription = $1 and event_id = $2`, name, eventID); err != nil {
		return db.MapError(err)
	}
	_, err := q.ExecContext(ctx, `/* events.nextHold */
		update events_parked set state = 'retrying', due_at = $1
		where subscription = $2 and subject = $3 and state = 'waiting' and position =
			(select min(p.position) from events_parked p where p.subscription = $2 and p.subject = $3)`,
		db.At(now), name, subject)
	return db.MapError(err)
}

// restartHold gives the first held event of a subject new attempts, beginning now.
func restartHold(ctx context.Context, q db.Querier, name, subject string, now time.Time) (bool, error) {
	res, err := q.ExecContext(ctx, `/* events.restartHold */
		update events_parked set state = 'retrying', attempts = 0, due_at = $1, parked_at = null
		where subscription = $2 and subject = $3 and state <> 'waiting'`, db.At(now), name, subject)
	return oneRow(res, err)
}

// firstHeld returns the subject of a held event, if it is the first of it.
func firstHeld(ctx context.Context, q db.Querier, name, eventID string) (string, error) {
	var subject string
	err := q.QueryRowContext(ctx, `/* events.firstHeld */
		select subject from events_parked where subscription = $1 and event_id = $2 and state <> 'waiting'`,
		name, eventID).Scan(&subject)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotParked
	}
	return subject, db.MapError(err)
}

func listHeld(ctx context.Context, q db.Querier, position int64, name string, limit int) ([]Held, error) {
	return collect(ctx, q, func(r *sql.Rows, h *Held) error {
		var due, parked db.Time
		err := scanEvent(r, &h.Event, &h.Subscription, &h.State, &h.Attempts, &due, &h.Error, &parked, &h.Behind)
		h.Due, h.ParkedAt = due.Time, parked.Time
		return err
	}, `/* events.listHeld */
		select`+eventColumns+`, p.subscription, p.state, p.attempts, p.due_at, p.error, p.parked_at,
			(select count(*) from events_parked b
				where b.subscription = p.subscription and b.subject = p.subject and b.state = 'waiting')
		from events_parked p join events_event e on e.id = p.event_id
		where p.state <> 'waiting' and (p.position, p.subscription) > ($1, $2)
		order by p.position, p.subscription limit $3`, position, name, limit)
}

func readLag(ctx context.Context, q db.Querier, s Subscription, head int64) (Lag, error) {
	l := Lag{Subscription: s.Name, Head: head}
	err := q.QueryRowContext(ctx, `/* events.lagCursor */
		select coalesce(max(position), 0), coalesce(max(owner), ''),
			(select count(*) from events_parked where subscription = $1),
			(select count(*) from events_parked p where p.subscription = $1 and exists (
				select 1 from events_parked f where f.subscription = $1 and f.subject = p.subject and f.state = 'parked'))
		from events_cursor where name = $1`, s.Name).Scan(&l.Position, &l.Node, &l.Retrying, &l.Parked)
	if err != nil {
		return l, db.MapError(err)
	}
	l.Retrying -= l.Parked
	l.Node, _, _ = strings.Cut(l.Node, ownerMark)
	args := []any{l.Position, MaxBehind}
	for _, t := range s.Types {
		args = append(args, t)
	}
	err = q.QueryRowContext(ctx, `/* events.lagBehind */
		select count(*) from (
			select 1 from events_event where position > $1 and type in (`+db.In(len(s.Types), 3)+`) limit $2
		) as behind`, args...).Scan(&l.Behind)
	return l, db.MapError(err)
}

func purge(ctx context.Context, q db.Querier, names []string, before time.Time, limit int) (int64, error) {
	args := []any{db.At(before), limit, len(names)}
	for _, name := range names {
		args = append(args, name)
	}
	// A cursor that does not exist yet, as when Start was never called, keeps everything.
	res, err := q.ExecContext(ctx, `/* events.purge */
		delete from events_event where id in (
			select e.id from events_event e
			where e.at < $1 and e.position <= (
				select case when count(c.name) = $3 then coalesce(min(c.position), (select position from events_head where name = 'head')) end
				from events_cursor c where c.name in (`+db.In(len(names), 4)+`))
			and not exists (select 1 from events_parked p where p.event_id = e.id)
			order by e.position limit $2)`, args...)
	if err != nil {
		return 0, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n, db.MapError(err)
}
