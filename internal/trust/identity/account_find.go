package identity

import (
	"context"

	"tongban/internal/kernel/op"
)

var findAccount = op.New("identity.account.find", op.For(op.Internal), op.ReadsPersonal())

// AccountLogin names an account as people do.
type AccountLogin struct {
	Login string `json:"login"`
}

// FindAccount returns the account with a login, for the operator's commands. ErrAccountNotFound.
func (s *Service) FindAccount(ctx context.Context, in AccountLogin) (Account, error) {
	return op.Query(ctx, s.ops, findAccount, in, func(ctx context.Context, v *op.View, in AccountLogin) (Account, error) {
		a, err := s.store.accountByLogin(ctx, v, LoginKey(in.Login))
		if err == nil {
			v.Saw(a.Thing())
		}
		return a, err
	})
}
