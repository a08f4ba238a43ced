package op

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
)

// ErrWrongKey says that the secret key is not the one this database was first opened with.
var ErrWrongKey = errs.Define(errs.Internal, "wrong_key")

// KeyKnown reports whether a database was opened with a secret key before, so that another one must not be made.
func KeyKnown(ctx context.Context, q db.Querier) (bool, error) {
	mac, err := keyMAC(ctx, q)
	return mac != "", err
}

func keyMAC(ctx context.Context, q db.Querier) (string, error) {
	var mac string
	err := q.QueryRowContext(ctx, `/* op.keyMAC */ select key_mac from op_instance where id = 'main'`).Scan(&mac)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return mac, db.MapError(err)
}

// CheckKey holds the runner's key against the one the database was first opened with, of which it keeps a digest.
// ErrWrongKey: passwords, tokens of forms and confirmations made with the other key would all be refused.
func (r *Runner) CheckKey(ctx context.Context) error {
	want, err := r.mac("the key of this instance")
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		stored, err := keyMAC(ctx, q)
		if err != nil {
			return err
		}
		if stored == "" {
			_, err := q.ExecContext(ctx, `/* op.insertKeyMAC */ insert into op_instance (id, key_mac) values ('main', $1)`, want)
			return db.MapError(err)
		}
		if !hmac.Equal([]byte(stored), []byte(want)) {
			return ErrWrongKey
		}
		return nil
	})
}
