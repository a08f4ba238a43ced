package identity

import (
	"context"
	"database/sql"
	"errors"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
)

func (store) rolesOf(ctx context.Context, q db.Querier, accountID string) ([]string, error) {
	rows, err := q.QueryContext(ctx, `/* identity.rolesOf */
		select role_id from identity_grant where account_id = $1 order by role_id`, accountID)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	list := []string{}
	for rows.Next() {
		var r string
		if err := rows.Scan(&r); err != nil {
			return nil, db.MapError(err)
		}
		list = append(list, r)
	}
	return list, db.MapError(rows.Err())
}

func (store) insertGrant(ctx context.Context, q db.Querier, accountID, role, by string, at db.Time) error {
	_, err := q.ExecContext(ctx, `/* identity.insertGrant */
		insert into identity_grant (account_id, role_id, granted_at, granted_by) values ($1, $2, $3, $4)`, accountID, role, at, by)
	return db.MapError(err)
}

func (store) deleteGrant(ctx context.Context, q db.Querier, accountID, role string) error {
	_, err := q.ExecContext(ctx, `/* identity.deleteGrant */
		delete from identity_grant where account_id = $1 and role_id = $2`, accountID, role)
	return db.MapError(err)
}

// administrators counts the people who can administer the system, leaving one account out.
func (store) administrators(ctx context.Context, q db.Querier, except string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `/* identity.administrators */
		select count(*) from identity_grant g join identity_account a on a.id = g.account_id
		where g.role_id = $1 and a.kind = 'person' and a.state = 'active' and a.id <> $2`, RoleSystemAdmin, except).Scan(&n)
	return n, db.MapError(err)
}

func (store) roles(ctx context.Context, q db.Querier) (map[string]storedRole, error) {
	rows, err := q.QueryContext(ctx, `/* identity.roles */ select id, permissions, version from identity_role order by id`)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	all := map[string]storedRole{}
	for rows.Next() {
		var id string
		var list db.JSON[[]op.Permission]
		var r storedRole
		if err := rows.Scan(&id, &list, &r.version); err != nil {
			return nil, db.MapError(err)
		}
		r.permissions = list.V
		all[id] = r
	}
	return all, db.MapError(rows.Err())
}

// saveRole stores the permissions of a role that is still at the version given, 0 for one that was never changed.
func (store) saveRole(ctx context.Context, q db.Querier, r Role, seen int64, at db.Time) error {
	res, err := q.ExecContext(ctx, `/* identity.saveRole */
		insert into identity_role (id, permissions, updated_at, version) values ($1, $2, $3, $4)
		on conflict (id) do update set permissions = $2, updated_at = $3, version = $4 where identity_role.version = $5`,
		r.ID, db.JSON[[]op.Permission]{V: r.Permissions}, at, r.Version, seen)
	return oneRow(res, err, ErrChanged)
}

func (store) holders(ctx context.Context, q db.Querier) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, `/* identity.holders */ select role_id, count(*) from identity_grant group by role_id`)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var id string
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return nil, db.MapError(err)
		}
		all[id] = n
	}
	return all, db.MapError(rows.Err())
}

// password is a row of identity_password.
type password struct {
	hash      string
	changedAt db.Time
	expiresAt db.Time
}

// password returns the zero password for an account that has none.
func (store) password(ctx context.Context, q db.Querier, accountID string) (password, error) {
	var p password
	err := q.QueryRowContext(ctx, `/* identity.password */
		select hash, changed_at, expires_at from identity_password where account_id = $1`, accountID).
		Scan(&p.hash, &p.changedAt, &p.expiresAt)
	if errors.Is(err, sql.ErrNoRows) {
		return password{}, nil
	}
	return p, db.MapError(err)
}

func (store) putPassword(ctx context.Context, q db.Querier, accountID string, p password) error {
	_, err := q.ExecContext(ctx, `/* identity.putPassword */
		insert into identity_password (account_id, hash, changed_at, expires_at) values ($1, $2, $3, $4)
		on conflict (account_id) do update set hash = $2, changed_at = $3, expires_at = $4`,
		accountID, p.hash, p.changedAt, p.expiresAt)
	return db.MapError(err)
}

// rehash replaces a hash by a dearer one of the same password, unless the password has changed since.
func (store) rehash(ctx context.Context, q db.Querier, accountID, old, fresh string) error {
	_, err := q.ExecContext(ctx, `/* identity.rehash */
		update identity_password set hash = $1 where account_id = $2 and hash = $3`, fresh, accountID, old)
	return db.MapError(err)
}

func (store) insertToken(ctx context.Context, q db.Querier, t Token, digest string) error {
	_, err := q.ExecContext(ctx, `/* identity.insertToken */
		insert into identity_token (id, digest, account_id, name, created_at, created_by, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
		t.ID, digest, t.AccountID, t.Name, db.At(t.CreatedAt), t.CreatedBy, db.At(t.ExpiresAt))
	return db.MapError(err)
}

const tokenColumns = `id, account_id, name, created_at, created_by, expires_at, used_at, revoked_at`

func scanToken(scan func(...any) error) (Token, error) {
	var t Token
	var created, expires, used, revoked db.Time
	err := scan(&t.ID, &t.AccountID, &t.Name, &created, &t.CreatedBy, &expires, &used, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, ErrTokenNotFound
	}
	t.CreatedAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = created.Time, expires.Time, used.Time, revoked.Time
	return t, db.MapError(err)
}

func (store) token(ctx context.Context, q db.Querier, id string) (Token, error) {
	return scanToken(q.QueryRowContext(ctx, `/* identity.token */ select `+tokenColumns+` from identity_token where id = $1`, id).Scan)
}

// tokens returns the tokens of an account, the newest first.
func (store) tokens(ctx context.Context, q db.Querier, accountID string) ([]Token, error) {
	rows, err := q.QueryContext(ctx, `/* identity.tokens */ select `+tokenColumns+` from identity_token
		where account_id = $1 order by created_at desc, id desc limit $2`, accountID, maxSessions)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	list := []Token{}
	for rows.Next() {
		t, err := scanToken(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, db.MapError(rows.Err())
}

// liveTokens returns tokens of an account that are not revoked, up to a batch.
func (store) liveTokens(ctx context.Context, q db.Querier, accountID string) ([]Token, error) {
	rows, err := q.QueryContext(ctx, `/* identity.liveTokens */ select `+tokenColumns+` from identity_token
		where account_id = $1 and revoked_at is null order by id limit $2`, accountID, maxSessions)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		t, err := scanToken(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, db.MapError(rows.Err())
}

func (store) revokeToken(ctx context.Context, q db.Querier, id string, at db.Time) error {
	res, err := q.ExecContext(ctx, `/* identity.revokeToken */
		update identity_token set revoked_at = $1 where id = $2 and revoked_at is null`, at, id)
	return oneRow(res, err, ErrTokenNotFound)
}

// organisation returns the organisation; DefaultOrganisation while none is stored.
func (store) organisation(ctx context.Context, q db.Querier) (Organisation, error) {
	var o Organisation
	var updated db.Time
	err := q.QueryRowContext(ctx, `/* identity.organisation */
		select name, intro, phone, email, address, language, zone, updated_at, version from identity_organisation where id = 'main'`).
		Scan(&o.Name, &o.Intro, &o.Phone, &o.Email, &o.Address, &o.Language, &o.Zone, &updated, &o.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultOrganisation(), nil
	}
	o.UpdatedAt = updated.Time
	return o, db.MapError(err)
}

func (store) saveOrganisation(ctx context.Context, q db.Querier, o Organisation, seen int64) error {
	res, err := q.ExecContext(ctx, `/* identity.saveOrganisation */
		insert into identity_organisation (id, name, intro, phone, email, address, language, zone, updated_at, version)
		values ('main', $1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set name = $1, intro = $2, phone = $3, email = $4, address = $5, language = $6, zone = $7,
			updated_at = $8, version = $9 where identity_organisation.version = $10`,
		o.Name, o.Intro, o.Phone, o.Email, o.Address, o.Language, o.Zone, db.At(o.UpdatedAt), o.Version, seen)
	return oneRow(res, err, ErrChanged)
}

// replaceSetup makes the digest the only setup link.
func (store) replaceSetup(ctx context.Context, q db.Querier, digest string, now, expires db.Time) error {
	if _, err := q.ExecContext(ctx, `/* identity.deleteSetups */ delete from identity_setup`); err != nil {
		return db.MapError(err)
	}
	_, err := q.ExecContext(ctx, `/* identity.insertSetup */
		insert into identity_setup (digest, created_at, expires_at) values ($1, $2, $3)`, digest, now, expires)
	return db.MapError(err)
}

func (store) setupLives(ctx context.Context, q db.Querier, digest string, now db.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `/* identity.setupLives */
		select count(*) from identity_setup where digest = $1 and expires_at > $2`, digest, now).Scan(&n)
	return n > 0, db.MapError(err)
}

// useSetup takes the link. ErrSetupOver.
func (store) useSetup(ctx context.Context, q db.Querier, digest string, now db.Time) error {
	res, err := q.ExecContext(ctx, `/* identity.useSetup */
		delete from identity_setup where digest = $1 and expires_at > $2`, digest, now)
	return oneRow(res, err, ErrSetupOver)
}
