package identity

import (
	"context"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
)

// The operations on passwords.
var (
	resetPassword  = op.New("identity.password.reset", op.Needs(PermPasswordReset), op.Secret())
	changePassword = op.New("identity.password.change", op.For(op.SignedIn))
)

// prepareHash hashes a password for an operation, outside its transaction, which on SQLite would keep everybody
// waiting. It does nothing for who may not run the operation and for an input that is wrong; the operation itself
// will say so.
func (s *Service) prepareHash(ctx context.Context, spec *op.Spec, invalid error, password string) (string, error) {
	if invalid != nil || password == "" || !op.ActorFrom(ctx).Can(spec.Permission) && spec.Access == op.Permitted {
		return "", nil
	}
	return s.hasher.hash(ctx, password)
}

// ResetPassword replaces a forgotten password by a one-time password, which the answer holds and nobody can read
// again, ends the account's sessions and revokes its tokens. ErrAccountNotFound, ErrNoPassword, ErrOwnAccount.
func (s *Service) ResetPassword(ctx context.Context, in AccountRef) (CreatedAccount, error) {
	made := oneTimePassword()
	hash, err := s.prepareHash(ctx, resetPassword, nil, made)
	if err != nil {
		return CreatedAccount{}, err
	}
	return op.Run(ctx, s.ops, resetPassword, in, func(ctx context.Context, tx *op.Tx, in AccountRef) (CreatedAccount, error) {
		before, err := s.store.account(ctx, tx, in.ID)
		switch {
		case err != nil:
			return CreatedAccount{}, err
		case before.Kind != Person:
			return CreatedAccount{}, ErrNoPassword
		case before.ID == tx.Actor().ID:
			return CreatedAccount{}, ErrOwnAccount // one's own is changed, not reset
		}
		a := before
		a.MustChange = true
		p := password{hash: hash, changedAt: db.At(tx.Now()), expiresAt: db.At(tx.Now().Add(firstPasswordLife))}
		if err := s.store.putPassword(ctx, tx, a.ID, p); err != nil {
			return CreatedAccount{}, err
		}
		if err := s.saveAccount(ctx, tx, before, &a); err != nil {
			return CreatedAccount{}, err
		}
		tx.Emit(factOf(FactPasswordChanged, a))
		if err := s.revokeAll(ctx, tx, a); err != nil {
			return CreatedAccount{}, err
		}
		return CreatedAccount{Account: a, Password: made}, s.endAll(ctx, tx, a, "", EndedByPassword)
	})
}

// ChangePasswordInput is a person's change of their own password.
type ChangePasswordInput struct {
	Current string `json:"current"`
	New     string `json:"new"`
}

// Validate checks what can be checked without knowing the account.
func (in ChangePasswordInput) Validate() error {
	var faults []errs.Field
	if in.Current == "" {
		faults = append(faults, errs.Field{Name: "current", Code: "required"})
	}
	if foldForm(in.Current) == foldForm(in.New) {
		faults = append(faults, errs.Field{Name: "new", Code: "identity.password_same"})
	} else {
		faults = append(faults, checkPassword("new", in.New, "", "")...)
	}
	return errs.InvalidFields(faults...)
}

// passwordChange is what was found out before the transaction of a change.
type passwordChange struct {
	refusal error
	old     string // the stored hash that fitted
	fresh   string
	keys    attemptKeys
}

// ChangePassword replaces the actor's own password and ends their other sessions; tokens, which go with no password,
// stay. ErrWrongPassword; ErrSlowDown
// after several wrong ones.
func (s *Service) ChangePassword(ctx context.Context, in ChangePasswordInput) (Account, error) {
	var c passwordChange
	if actor := op.ActorFrom(ctx); actor.Kind == op.Person && in.Validate() == nil {
		var err error
		if c, err = s.checkChange(ctx, actor, in); err != nil {
			return Account{}, err
		}
	}
	return op.Run(ctx, s.ops, changePassword, in, func(ctx context.Context, tx *op.Tx, in ChangePasswordInput) (Account, error) {
		if tx.Actor().Kind != op.Person {
			return Account{}, ErrNoPassword
		}
		if c.refusal != nil {
			return Account{}, c.refusal
		}
		before, err := s.store.account(ctx, tx, tx.Actor().ID)
		if err != nil {
			return Account{}, err
		}
		if stored, err := s.store.password(ctx, tx, before.ID); err != nil || stored.hash != c.old {
			return Account{}, errorOr(err, ErrChanged)
		}
		a := before
		a.MustChange = false
		if err := s.store.putPassword(ctx, tx, a.ID, password{hash: c.fresh, changedAt: db.At(tx.Now())}); err != nil {
			return Account{}, err
		}
		if err := s.store.deleteAttempt(ctx, tx, c.keys.login); err != nil {
			return Account{}, err
		}
		if err := s.saveAccount(ctx, tx, before, &a); err != nil {
			return Account{}, err
		}
		tx.Emit(factOf(FactPasswordChanged, a))
		return a, s.endAll(ctx, tx, a, tx.Actor().Session, EndedByPassword)
	})
}

func errorOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// checkChange does the slow part of a change: proves the present password and hashes the new one. A wrong one
// counts like a failed sign-in, so that an open session does not let anybody try passwords at will.
func (s *Service) checkChange(ctx context.Context, actor op.Actor, in ChangePasswordInput) (passwordChange, error) {
	c := passwordChange{keys: attemptKeys{
		login: s.attemptKey("change", actor.ID), address: s.attemptKey("change address", network(actor.Addr)),
	}}
	a, err := s.store.account(ctx, s.db.Reader(), actor.ID)
	if err != nil {
		return c, err
	}
	if faults := checkPassword("new", in.New, a.Login, a.Name); len(faults) > 0 {
		c.refusal = errs.InvalidFields(faults...)
		return c, nil
	}
	if c.refusal = s.claimAttempt(ctx, c.keys); c.refusal != nil {
		return c, nil
	}
	stored, err := s.store.password(ctx, s.db.Reader(), a.ID)
	if err != nil {
		return c, err
	}
	ok, _, err := s.hasher.verify(ctx, in.Current, stored.hash)
	if err != nil {
		return c, err
	}
	if !ok {
		c.refusal = ErrWrongPassword.At("current")
		return c, nil
	}
	c.old = stored.hash
	c.fresh, err = s.hasher.hash(ctx, in.New)
	return c, err
}
