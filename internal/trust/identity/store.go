package identity

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"tongban/internal/kernel/db"
)

// store is all SQL of this package.
type store struct{}

const accountColumns = `a.id, a.login, a.name, a.kind, a.state, a.unit, a.must_change, a.created_at, a.updated_at, a.signed_in_at, a.version`

func scanAccount(scan func(...any) error) (Account, error) {
	var a Account
	var created, updated, signedIn db.Time
	err := scan(&a.ID, &a.Login, &a.Name, &a.Kind, &a.State, &a.Unit, &a.MustChange, &created, &updated, &signedIn, &a.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrAccountNotFound
	}
	a.CreatedAt, a.UpdatedAt, a.SignedInAt = created.Time, updated.Time, signedIn.Time
	a.Roles = []string{}
	return a, db.MapError(err)
}

// account returns the account with its roles.
func (st store) account(ctx context.Context, q db.Querier, id string) (Account, error) {
	a, err := scanAccount(q.QueryRowContext(ctx, `/* identity.accountByID */
		select `+accountColumns+` from identity_account a where a.id = $1`, id).Scan)
	if err != nil {
		return Account{}, err
	}
	a.Roles, err = st.rolesOf(ctx, q, id)
	return a, err
}

func (st store) accountByLogin(ctx context.Context, q db.Querier, key string) (Account, error) {
	a, err := scanAccount(q.QueryRowContext(ctx, `/* identity.accountByLogin */
		select `+accountColumns+` from identity_account a where a.login_key = $1`, key).Scan)
	if err != nil {
		return Account{}, err
	}
	a.Roles, err = st.rolesOf(ctx, q, a.ID)
	return a, err
}

func (store) insertAccount(ctx context.Context, q db.Querier, a Account) error {
	_, err := q.ExecContext(ctx, `/* identity.insertAccount */
		insert into identity_account (id, login, login_key, name, name_key, kind, state, unit, must_change, created_at, updated_at, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		a.ID, a.Login, LoginKey(a.Login), a.Name, LoginKey(a.Name), string(a.Kind), string(a.State), a.Unit, a.MustChange,
		db.At(a.CreatedAt), db.At(a.UpdatedAt), a.Version)
	if err = db.MapError(err); errors.Is(err, db.ErrDuplicate) {
		return ErrLoginTaken.At("login").Because(err)
	}
	return err
}

// saveAccount stores what may change of an account if it still is at the version given. ErrChanged.
func (store) saveAccount(ctx context.Context, q db.Querier, a Account, seen int64) error {
	res, err := q.ExecContext(ctx, `/* identity.saveAccount */
		update identity_account set name = $1, name_key = $2, state = $3, unit = $4, must_change = $5, updated_at = $6, version = $7
		where id = $8 and version = $9`,
		a.Name, LoginKey(a.Name), string(a.State), a.Unit, a.MustChange, db.At(a.UpdatedAt), a.Version, a.ID, seen)
	return oneRow(res, err, ErrChanged)
}

// oneRow returns the mapped error, or none when no row was changed.
func oneRow(res sql.Result, err, none error) error {
	if err != nil {
		return db.MapError(err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return db.MapError(err)
	}
	if n == 0 {
		return none
	}
	return nil
}

func (store) setWords(ctx context.Context, q db.Querier, a Account) error {
	if _, err := q.ExecContext(ctx, `/* identity.deleteWords */ delete from identity_account_word where account_id = $1`, a.ID); err != nil {
		return db.MapError(err)
	}
	for _, w := range searchWords(a.Login, a.Name, a.Unit) {
		if _, err := q.ExecContext(ctx, `/* identity.insertWord */
			insert into identity_account_word (word, account_id) values ($1, $2)`, w, a.ID); err != nil {
			return db.MapError(err)
		}
	}
	return nil
}

func (store) setSignedIn(ctx context.Context, q db.Querier, id string, at db.Time) error {
	_, err := q.ExecContext(ctx, `/* identity.setSignedIn */ update identity_account set signed_in_at = $1 where id = $2`, at, id)
	return db.MapError(err)
}

// where collects conditions with their arguments. The conditions are texts of this package, in which ? stands for
// the argument.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	for _, a := range args {
		cond = strings.Replace(cond, "?", w.arg(a), 1)
	}
	w.conds = append(w.conds, cond)
}

// arg adds an argument and returns its placeholder.
func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) text() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " where " + strings.Join(w.conds, " and ")
}

// few is how many accounts a filter may leave for them to be looked at one by one.
const few = 1000

// isFew reports whether at most few accounts have the filter's value.
func (store) isFew(ctx context.Context, q db.Querier, f accountFilter) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, f.count, f.value, few+1).Scan(&n)
	return n <= few, db.MapError(err)
}

// accountFilter is one filter of the account list: as a condition on a, as what follows "select" in the list of the
// accounts that have it, and as the statement that counts these up to a limit.
type accountFilter struct{ value, cond, list, count string }

func filtersOf(in ListAccountsInput) []accountFilter {
	var all []accountFilter
	if in.Role != "" {
		all = append(all, accountFilter{
			in.Role, `exists (select 1 from identity_grant g where g.role_id = ? and g.account_id = a.id)`,
			`account_id as id from identity_grant where role_id = $1`,
			`/* identity.countRole */ select count(*) from (select 1 from identity_grant where role_id = $1 limit $2) t`,
		})
	}
	if in.State != "" {
		all = append(all, accountFilter{
			string(in.State), `a.state = ?`, `id from identity_account where state = $1`,
			`/* identity.countState */ select count(*) from (select 1 from identity_account where state = $1 limit $2) t`,
		})
	}
	if in.Kind != "" {
		all = append(all, accountFilter{
			string(in.Kind), `a.kind = ?`, `id from identity_account where kind = $1`,
			`/* identity.countKind */ select count(*) from (select 1 from identity_account where kind = $1 limit $2) t`,
		})
	}
	return all
}

// sortColumn returns the column an order names; empty for one there is not.
func sortColumn(sort string) string {
	switch sort {
	case "", "login":
		return "a.login_key"
	case "name":
		return "a.name_key"
	case "created":
		return "a.created_at"
	}
	return ""
}

// listAccounts returns one page in the order asked for. What is searched for, or the first filter that leaves
// few, is looked up first; otherwise the accounts are read in their order and filtered on the way.
func (st store) listAccounts(ctx context.Context, q db.Querier, in ListAccountsInput, limit int) ([]sortedAccount, error) {
	w, from := &where{}, "identity_account a"
	filters := filtersOf(in)
	if terms := searchTerms(in.Query); len(terms) > 0 {
		from = `(select distinct account_id as id from identity_account_word where word >= ` + w.arg(terms[0]) + ` and word < ` +
			w.arg(terms[0]+lastRune) + ` limit ` + w.arg(few) + `) c join identity_account a on a.id = c.id`
		for _, t := range terms[1:] {
			w.add(`exists (select 1 from identity_account_word x where x.account_id = a.id and x.word >= ? and x.word < ?)`, t, t+lastRune)
		}
	} else {
		for i, f := range filters {
			ok, err := st.isFew(ctx, q, f)
			if err != nil {
				return nil, err
			}
			if ok {
				from = `(select ` + strings.Replace(f.list, "$1", w.arg(f.value), 1) + ` limit ` + w.arg(few) + `) c join identity_account a on a.id = c.id`
				filters = append(filters[:i:i], filters[i+1:]...)
				break
			}
		}
	}
	for _, f := range filters {
		w.add(f.cond, f.value)
	}
	column, direction, err := in.place(w)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `/* identity.listAccounts */ select `+accountColumns+`, `+column+` from `+from+w.text()+
		` order by `+column+direction+`, a.id`+direction+` limit `+w.arg(limit), w.args...)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	return scanSorted(rows, in.Sort)
}

// lastRune sorts after every other character.
const lastRune = "\U0010FFFF"

// sortedAccount is an account with the value it is sorted by.
type sortedAccount struct {
	Account
	key any
}

func scanSorted(rows *sql.Rows, sort string) ([]sortedAccount, error) {
	var list []sortedAccount
	for rows.Next() {
		var text string
		var at db.Time
		key := any(&text)
		if sort == "created" {
			key = &at
		}
		a, err := scanAccount(func(dst ...any) error { return rows.Scan(append(dst, key)...) })
		if err != nil {
			return nil, err
		}
		s := sortedAccount{Account: a, key: text}
		if sort == "created" {
			s.key = at
		}
		list = append(list, s)
	}
	return list, db.MapError(rows.Err())
}

// place adds where the page starts, and returns the column and the direction of the order.
func (in ListAccountsInput) place(w *where) (column, direction string, err error) {
	column, compare := sortColumn(in.Sort), ">"
	if in.Desc {
		direction, compare = " desc", "<"
	}
	if in.Page.Cursor == "" {
		return column, direction, nil
	}
	var id, text string
	var at db.Time
	if in.Sort == "created" {
		err = db.DecodeCursor(in.Page.Cursor, &at, &id)
		w.add(`(`+column+`, a.id) `+compare+` (?, ?)`, at, id)
	} else {
		err = db.DecodeCursor(in.Page.Cursor, &text, &id)
		w.add(`(`+column+`, a.id) `+compare+` (?, ?)`, text, id)
	}
	return column, direction, err
}

// tooMany reports whether a search found more accounts than are looked at.
func (store) tooMany(ctx context.Context, q db.Querier, term string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `/* identity.tooMany */ select count(*) from
		(select distinct account_id from identity_account_word where word >= $1 and word < $2 limit $3) t`,
		term, term+lastRune, few+1).Scan(&n)
	return n > few, db.MapError(err)
}

// loadRoles fills in the roles of the accounts.
func (store) loadRoles(ctx context.Context, q db.Querier, list []Account) error {
	if len(list) == 0 {
		return nil
	}
	place, args := map[string]int{}, []any{}
	for i, a := range list {
		place[a.ID] = i
		args = append(args, a.ID)
	}
	rows, err := q.QueryContext(ctx, `/* identity.rolesOfAccounts */ select account_id, role_id from identity_grant
		where account_id in (`+db.In(len(list), 1)+`) order by role_id`, args...)
	if err != nil {
		return db.MapError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, role string
		if err := rows.Scan(&id, &role); err != nil {
			return db.MapError(err)
		}
		a := &list[place[id]]
		a.Roles = append(a.Roles, role)
	}
	return db.MapError(rows.Err())
}
