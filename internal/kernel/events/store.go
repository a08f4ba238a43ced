package events

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tongban/internal/kernel/db"
)

func nextSeq(ctx context.Context, q db.Querier, subject string, n int64) (int64, error) {
	var last int64
	err := q.QueryRowContext(ctx, `/* events.nextSeq */
		insert into events_subject (subject, last) values ($1, $2)
		on conflict (subject) do update set last = events_subject.last + excluded.last
		returning last`, subject, n).Scan(&last)
	return last, db.MapError(err)
}

func insertEvent(ctx context.Context, q db.Querier, e Event) error {
	_, err := q.ExecContext(ctx, `/* events.insert */
		insert into events_event (id, type, subject, subject_seq, data, at, actor_id, request_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, e.Type, e.Subject, e.Seq, string(e.Data), db.At(e.At), e.ActorID, e.RequestID)
	return db.MapError(err)
}

func readHead(ctx context.Context, q db.Querier) (int64, error) {
	var head int64
	err := q.QueryRowContext(ctx, `/* events.head */ select position from events_head where name = 'head'`).Scan(&head)
	return head, db.MapError(err)
}

func readSight(ctx context.Context, q db.Querier) (sight, error) {
	var s sight
	var due db.Time
	err := q.QueryRowContext(ctx, `/* events.sight */
		select (select position from events_head where name = 'head'),
			exists (select 1 from events_event where position is null),
			(select min(due_at) from events_parked where state = 'retrying')`).Scan(&s.head, &s.unplaced, &due)
	s.due = due.Time
	return s, db.MapError(err)
}

func lockHead(ctx context.Context, q db.Querier) (int64, error) {
	var head int64
	err := q.QueryRowContext(ctx, `/* events.lockHead */
		update events_head set position = position where name = 'head' returning position`).Scan(&head)
	return head, db.MapError(err)
}

func moveHead(ctx context.Context, q db.Querier, head int64) error {
	_, err := q.ExecContext(ctx, `/* events.moveHead */ update events_head set position = $1 where name = 'head'`, head)
	return db.MapError(err)
}

// placeNext gives positions after head to at most limit events, about in the order of their ids, which is that of
// time. Clocks of nodes differ, so an id alone could put an event before an earlier one of its subject: each event
// is sorted by the greatest id among itself and those before it in its subject.
func placeNext(ctx context.Context, q db.Querier, head, limit int64) (int64, error) {
	res, err := q.ExecContext(ctx, `/* events.place */
		update events_event set position = $1 + placed.n
		from (
			select id, row_number() over (order by greatest_id, subject_seq) as n
			from (
				select id, subject_seq, max(id) over (partition by subject order by subject_seq) as greatest_id
				from events_event where position is null
			) as unplaced
			order by n limit $2
		) as placed
		where events_event.id = placed.id`, head, limit)
	if err != nil {
		return 0, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n, db.MapError(err)
}

// eachType calls fn for the events after a position, up to head, and returns how far it came.
func eachType(ctx context.Context, q db.Querier, after, head int64, fn func(position int64, kind string)) (int64, error) {
	const limit = 1000
	rows, err := q.QueryContext(ctx, `/* events.types */
		select position, type from events_event where position > $1 and position <= $2 order by position limit $3`,
		after, head, limit)
	if err != nil {
		return after, db.MapError(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var kind string
		if err := rows.Scan(&after, &kind); err != nil {
			return after, db.MapError(err)
		}
		fn(after, kind)
	}
	if n < limit {
		after = head
	}
	return after, db.MapError(rows.Err())
}

func (o *Outbox) openCursors(ctx context.Context) error {
	return o.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		for name := range o.subs {
			if _, err := q.ExecContext(ctx, `/* events.openCursor */
				insert into events_cursor (name, position, owner) values ($1, 0, '') on conflict (name) do nothing`,
				name); err != nil {
				return db.MapError(err)
			}
		}
		return nil
	})
}

type cursor struct {
	position int64
	owner    string
	until    time.Time
}

func readCursor(ctx context.Context, q db.Querier, name string) (cursor, error) {
	var c cursor
	var until db.Time
	err := q.QueryRowContext(ctx, `/* events.cursor */
		select position, owner, until from events_cursor where name = $1`, name).Scan(&c.position, &c.owner, &until)
	c.until = until.Time
	return c, db.MapError(err)
}

// takeCursor takes the lease; false when another node holds it.
func takeCursor(ctx context.Context, q db.Querier, name, owner string, now, until time.Time) (bool, int64, error) {
	var position int64
	err := q.QueryRowContext(ctx, `/* events.takeCursor */
		update events_cursor set owner = $1, until = $2
		where name = $3 and (owner = $1 or until is null or until <= $4)
		returning position`, owner, db.At(until), name, db.At(now)).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return false, 0, nil
	}
	return err == nil, position, db.MapError(err)
}

// moveCursor sets the position and passes the lease on; false when it is not the owner's any more.
func moveCursor(ctx context.Context, q db.Querier, name, owner string, position int64, next string, until time.Time) (bool, error) {
	res, err := q.ExecContext(ctx, `/* events.moveCursor */
		update events_cursor set position = $1, owner = $2, until = $3 where name = $4 and owner = $5`,
		position, next, db.At(until), name, owner)
	return oneRow(res, err)
}

func lockCursor(ctx context.Context, q db.Querier, name string) (bool, error) {
	res, err := q.ExecContext(ctx, `/* events.lockCursor */
		update events_cursor set position = position where name = $1`, name)
	return oneRow(res, err)
}

func oneRow(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n == 1, db.MapError(err)
}

// eventColumns are read by scanEvent.
const eventColumns = ` e.id, e.type, e.subject, e.subject_seq, e.position, e.data, e.at, e.actor_id, e.request_id`

// scanEvent scans eventColumns and then more.
func scanEvent(rows *sql.Rows, e *Event, more ...any) error {
	var data string
	var at db.Time
	err := rows.Scan(append([]any{&e.ID, &e.Type, &e.Subject, &e.Seq, &e.Position, &data, &at, &e.ActorID, &e.RequestID}, more...)...)
	e.Data, e.At = json.RawMessage(data), at.Time
	return db.MapError(err)
}

// collect runs a query and scans each row.
func collect[T any](ctx context.Context, q db.Querier, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, db.MapError(rows.Err())
}

func readSince(ctx context.Context, q db.Querier, after int64, limit int) ([]Event, error) {
	return collect(ctx, q, func(r *sql.Rows, e *Event) error { return scanEvent(r, e) }, `/* events.since */
		select`+eventColumns+` from events_event e where e.position > $1 order by e.position limit $2`, after, limit)
}

// batchEvent is an event to deliver; blocked says that an earlier one of its subject is held.
type batchEvent struct {
	Event
	blocked bool
}

func readBatch(ctx context.Context, q db.Querier, s Subscription, after, end int64, limit int) ([]batchEvent, error) {
	args := []any{s.Name, after, end, limit}
	for _, t := range s.Types {
		args = append(args, t)
	}
	return collect(ctx, q, func(r *sql.Rows, e *batchEvent) error { return scanEvent(r, &e.Event, &e.blocked) },
		`/* events.batch */
		select`+eventColumns+`, exists (select 1 from events_parked p where p.subscription = $1 and p.subject = e.subject)
		from events_event e
		where e.position > $2 and e.position <= $3 and e.type in (`+db.In(len(s.Types), 5)+`)
		order by e.position limit $4`, args...)
}
