package identity

import (
	"context"
	"database/sql"
	"errors"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
)

func (st store) sessionCard(ctx context.Context, q db.Querier, digest string) (k *card, mustChange bool, roles []string, err error) {
	k = &card{}
	var created, seen, expires db.Time
	err = q.QueryRowContext(ctx, `/* identity.sessionCard */
		select s.id, s.created_at, s.seen_at, s.expires_at, a.id, a.name, a.must_change
		from identity_session s join identity_account a on a.id = s.account_id
		where s.digest = $1 and s.ended_at is null and a.state = 'active'`, digest).
		Scan(&k.id, &created, &seen, &expires, &k.accountID, &k.actor.Name, &mustChange)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil, op.ErrSessionRequired
	}
	if err != nil {
		return nil, false, nil, db.MapError(err)
	}
	k.seen, k.expires = seen.Time, expires.Time
	k.actor.Kind, k.actor.ID, k.actor.Session, k.actor.SignedInAt = op.Person, k.accountID, k.id, created.Time
	roles, err = st.rolesOf(ctx, q, k.accountID)
	return k, mustChange, roles, err
}

func (st store) tokenCard(ctx context.Context, q db.Querier, digest string) (k *card, roles []string, err error) {
	k = &card{token: true}
	var created, used, expires db.Time
	err = q.QueryRowContext(ctx, `/* identity.tokenCard */
		select t.id, t.created_at, t.used_at, t.expires_at, a.id, a.name
		from identity_token t join identity_account a on a.id = t.account_id
		where t.digest = $1 and t.revoked_at is null and a.state = 'active'`, digest).
		Scan(&k.id, &created, &used, &expires, &k.accountID, &k.actor.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, op.ErrSessionRequired
	}
	if err != nil {
		return nil, nil, db.MapError(err)
	}
	k.seen, k.expires = used.Time, expires.Time
	k.actor.Kind, k.actor.ID, k.actor.Session, k.actor.SignedInAt = op.Service, k.accountID, k.id, created.Time
	roles, err = st.rolesOf(ctx, q, k.accountID)
	return k, roles, err
}

func (store) touchSession(ctx context.Context, q db.Querier, id string, at db.Time) error {
	_, err := q.ExecContext(ctx, `/* identity.touchSession */
		update identity_session set seen_at = $1 where id = $2 and seen_at < $1 and ended_at is null`, at, id)
	return db.MapError(err)
}

func (store) touchToken(ctx context.Context, q db.Querier, id string, at db.Time) error {
	_, err := q.ExecContext(ctx, `/* identity.touchToken */
		update identity_token set used_at = $1 where id = $2 and (used_at is null or used_at < $1)`, at, id)
	return db.MapError(err)
}

func (store) insertSession(ctx context.Context, q db.Querier, s Session, digest string) error {
	_, err := q.ExecContext(ctx, `/* identity.insertSession */
		insert into identity_session (id, digest, account_id, created_at, seen_at, expires_at, ended_how, device, addr)
		values ($1, $2, $3, $4, $5, $6, '', $7, $8)`,
		s.ID, digest, s.AccountID, db.At(s.CreatedAt), db.At(s.SeenAt), db.At(s.ExpiresAt), s.Device, s.Addr)
	return db.MapError(err)
}

// endSession ends one session of an account. ErrSessionNotFound: it is not theirs or over already.
func (store) endSession(ctx context.Context, q db.Querier, id, accountID, how string, at db.Time) error {
	res, err := q.ExecContext(ctx, `/* identity.endSession */
		update identity_session set ended_at = $1, ended_how = $2 where id = $3 and account_id = $4 and ended_at is null`,
		at, how, id, accountID)
	return oneRow(res, err, ErrSessionNotFound)
}

// endSessions ends all sessions of an account but one, and returns how many.
func (store) endSessions(ctx context.Context, q db.Querier, accountID, except, how string, at db.Time) (int64, error) {
	res, err := q.ExecContext(ctx, `/* identity.endSessions */
		update identity_session set ended_at = $1, ended_how = $2 where account_id = $3 and id <> $4 and ended_at is null`,
		at, how, accountID, except)
	if err != nil {
		return 0, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n, db.MapError(err)
}

// maxSessions is how many of an account's sessions are shown, the newest.
const maxSessions = 100

// sessions returns the sessions of an account that live at now, the newest first.
func (store) sessions(ctx context.Context, q db.Querier, accountID string, now, idleSince db.Time) ([]Session, error) {
	rows, err := q.QueryContext(ctx, `/* identity.sessions */
		select id, account_id, created_at, seen_at, expires_at, device, addr from identity_session
		where account_id = $1 and ended_at is null and expires_at > $2 and seen_at > $3
		order by created_at desc, id desc limit $4`, accountID, now, idleSince, maxSessions)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	list := []Session{}
	for rows.Next() {
		var s Session
		var created, seen, expires db.Time
		if err := rows.Scan(&s.ID, &s.AccountID, &created, &seen, &expires, &s.Device, &s.Addr); err != nil {
			return nil, db.MapError(err)
		}
		s.CreatedAt, s.SeenAt, s.ExpiresAt = created.Time, seen.Time, expires.Time
		list = append(list, s)
	}
	return list, db.MapError(rows.Err())
}

// purgeBatch is how many rows one transaction deletes.
const purgeBatch = 2000

// purgeSessions deletes a batch of sessions that ended or expired before the time given.
func (store) purgeSessions(ctx context.Context, q db.Querier, before db.Time) (int64, error) {
	res, err := q.ExecContext(ctx, `/* identity.purgeSessions */
		delete from identity_session where id in (select id from identity_session where expires_at < $1 limit $2)`, before, purgeBatch)
	if err != nil {
		return 0, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n, db.MapError(err)
}

func (store) purgeAttempts(ctx context.Context, q db.Querier, before db.Time) (int64, error) {
	res, err := q.ExecContext(ctx, `/* identity.purgeAttempts */
		delete from identity_attempt where key in (select key from identity_attempt where last_at < $1 limit $2)`, before, purgeBatch)
	if err != nil {
		return 0, db.MapError(err)
	}
	n, err := res.RowsAffected()
	return n, db.MapError(err)
}

func (store) attempt(ctx context.Context, q db.Querier, key string) (attempt, error) {
	var a attempt
	err := q.QueryRowContext(ctx, `/* identity.attempt */
		select failures, last_at, blocked_until from identity_attempt where key = $1`, key).Scan(&a.failures, &a.last, &a.blocked)
	if errors.Is(err, sql.ErrNoRows) {
		return attempt{}, nil
	}
	return a, db.MapError(err)
}

func (store) putAttempt(ctx context.Context, q db.Querier, key string, a attempt) error {
	_, err := q.ExecContext(ctx, `/* identity.putAttempt */
		insert into identity_attempt (key, failures, last_at, blocked_until) values ($1, $2, $3, $4)
		on conflict (key) do update set failures = $2, last_at = $3, blocked_until = $4`, key, a.failures, a.last, a.blocked)
	return db.MapError(err)
}

func (store) deleteAttempt(ctx context.Context, q db.Querier, key string) error {
	_, err := q.ExecContext(ctx, `/* identity.deleteAttempt */ delete from identity_attempt where key = $1`, key)
	return db.MapError(err)
}

func (store) overview(ctx context.Context, q db.Querier, now, idleSince, day db.Time) (Overview, error) {
	var o Overview
	err := q.QueryRowContext(ctx, `/* identity.overview */ select
		(select count(*) from identity_account),
		(select count(*) from identity_account where state = 'disabled'),
		(select count(*) from identity_session where ended_at is null and seen_at > $1 and expires_at > $2),
		(select count(*) from identity_session where created_at >= $3)`, idleSince, now, day).
		Scan(&o.Accounts, &o.Disabled, &o.Sessions, &o.SignIns)
	return o, db.MapError(err)
}

// anythingOld reports whether a purge would delete anything.
func (store) anythingOld(ctx context.Context, q db.Querier, sessions, attempts db.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `/* identity.anythingOld */ select
		(select count(*) from (select 1 from identity_session where expires_at < $1 limit 1) s) +
		(select count(*) from (select 1 from identity_attempt where last_at < $2 limit 1) a)`, sessions, attempts).Scan(&n)
	return n > 0, db.MapError(err)
}
