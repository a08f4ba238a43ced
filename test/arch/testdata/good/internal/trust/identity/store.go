package identity

import (
	"context"

	"tongban/internal/kernel/db"
)

const accountColumns = `id, login, created_at`

func (s *Service) all(ctx context.Context, q db.Querier, list []any) error {
	marks := db.In(len(list), 2)
	order := "created_at"
	if len(list) > 1 {
		order = map[bool]string{true: "login", false: "id"}[len(list) > 2]
	}
	statements := []string{
		`/* identity.page */ select ` + accountColumns + ` from ` + source() + ` where id in (` + marks + `) order by ` + order + `, a.id`,
		`/* identity.byLogin */ select ` + accountColumns + ` from identity_account a join identity_role as r on r.id = a.role_id
			where a.login is not distinct from $1 and a.id in (` + db.In(len(list), 2) + `)`,
		`/* identity.put */ insert into identity_account (id, login) values ($1, $2)
			on conflict (id) do update set login = excluded.login returning id -- now()`,
		`/* identity.move */ update identity_account set role_id = r.id from identity_role r
			where r.name = 'now()' and cast($1 as BIGINT) is null`,
		`/* identity.recent */ with recent (id, at) as (select id, max(at) from identity_session group by id),
			one as (select id from recent) select r.at from recent r, one where r.id = one.id limit $1`,
	}
	for _, text := range statements {
		if _, err := q.ExecContext(ctx, text, list...); err != nil {
			return err
		}
	}
	return nil
}

func source() string { return "identity_account a" }
