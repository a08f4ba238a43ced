package identity

import (
	"context"
	"errors"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
)

var signIn = op.New("identity.session.sign_in", op.For(op.Public), op.Secret())

// SignInInput is a person's name and password.
type SignInInput struct {
	Login    string `json:"login"`
	Password string `json:"password"`
	Device   string `json:"device"` // the mark this browser got at an earlier sign-in, if any
}

// Validate asks for both; anything else that could be wrong is answered like a wrong password.
func (in SignInInput) Validate() error {
	var faults []errs.Field
	if in.Login == "" {
		faults = append(faults, errs.Field{Name: "login", Code: "required"})
	}
	if in.Password == "" {
		faults = append(faults, errs.Field{Name: "password", Code: "required"})
	}
	return errs.InvalidFields(faults...)
}

// SignedIn is a new session.
type SignedIn struct {
	Account Account   `json:"account"`
	Secret  string    `json:"secret"` // for the session cookie
	Device  string    `json:"device"` // the mark for this browser to keep
	Session string    `json:"session"`
	Expires time.Time `json:"expires"` // at the latest
}

// signInTry is what was found out about a sign-in before its transaction.
type signInTry struct {
	refusal error
	account Account
	stored  password
	fresh   string // the hash made anew, when the stored one is cheaper than today's
	keys    attemptKeys
}

// SignIn opens a session. ErrSignInRefused whatever is wrong with name, password or account; ErrSlowDown after
// too many failures from this place. Any session the browser had before is ended, and the new one has a new
// secret.
func (s *Service) SignIn(ctx context.Context, in SignInInput) (SignedIn, error) {
	ctx = op.WithReason(ctx, "") // whoever is at the door writes nothing into the log
	ctx = op.WithKey(ctx, "")    // the same form sent twice opens two sessions, of which the browser keeps one
	visitor := op.ActorFrom(ctx)
	var try signInTry
	if in.Validate() == nil {
		var err error
		if try, err = s.trySignIn(ctx, visitor.Addr, in); err != nil {
			return SignedIn{}, err
		}
		if try.refusal != nil && try.account.ID != "" {
			ctx = op.WithReason(ctx, try.account.Login) // the log tells whose door it was; junk typed there it does not
		}
		if try.refusal == nil {
			ctx = op.WithActor(ctx, op.Actor{
				Kind: op.Person, ID: try.account.ID, Name: try.account.Name, Addr: visitor.Addr, Device: visitor.Device,
			})
		}
	}
	out, err := op.Run(ctx, s.ops, signIn, in, func(ctx context.Context, tx *op.Tx, in SignInInput) (SignedIn, error) {
		if try.refusal != nil {
			return SignedIn{}, try.refusal
		}
		return s.openSession(ctx, tx, try, visitor)
	})
	if errors.Is(err, ErrSignInRefused) {
		if err := s.countAddress(context.WithoutCancel(ctx), try.keys); err != nil {
			s.log.ErrorContext(ctx, "a failed sign-in could not be counted", "error", err)
		}
	}
	return out, err
}

// trySignIn checks name and password. Whatever the name, it does the same: one look at the account, one count,
// one hash.
func (s *Service) trySignIn(ctx context.Context, addr string, in SignInInput) (signInTry, error) {
	var t signInTry
	key := LoginKey(in.Login)
	a, err := s.findForSignIn(ctx, key)
	if err != nil {
		return t, err
	}
	t.keys = s.keysFor(key, addr, s.devices.id(in.Device, a.ID))
	if err := s.claimAttempt(ctx, t.keys); err != nil {
		if !errors.Is(err, ErrSlowDown) {
			return t, err
		}
		t.account, t.refusal = a, err
		return t, nil
	}
	t.account = a
	if t.stored, err = s.store.password(ctx, s.db.Reader(), a.ID); err != nil {
		return t, err
	}
	ok, old, err := s.hasher.verify(ctx, in.Password, t.stored.hash)
	if err != nil {
		return t, err
	}
	expired := !t.stored.expiresAt.IsZero() && !s.clock.Now().Before(t.stored.expiresAt.Time)
	if !ok || expired || a.State != Active || a.Kind != Person {
		t.refusal = ErrSignInRefused
		return t, nil
	}
	if old {
		t.fresh, err = s.hasher.hash(ctx, in.Password)
	}
	return t, err
}

// findForSignIn returns the account, or an empty one when there is none with this name.
func (s *Service) findForSignIn(ctx context.Context, key string) (Account, error) {
	if len(key) > 4*maxLogin {
		key = key[:4*maxLogin] // longer than any login: unknown without carrying it around
	}
	a, err := s.store.accountByLogin(ctx, s.db.Reader(), clean(key))
	if errors.Is(err, ErrAccountNotFound) {
		return Account{}, nil
	}
	return a, err
}

// openSession stores a new session for an account whose password fitted a moment ago and still is the same.
func (s *Service) openSession(ctx context.Context, tx *op.Tx, try signInTry, visitor op.Actor) (SignedIn, error) {
	a, err := s.store.account(ctx, tx, try.account.ID)
	if err != nil {
		return SignedIn{}, err
	}
	stored, err := s.store.password(ctx, tx, a.ID)
	if err != nil {
		return SignedIn{}, err
	}
	if a.State != Active || stored.hash != try.stored.hash {
		return SignedIn{}, ErrSignInRefused
	}
	if try.fresh != "" {
		if err := s.store.rehash(ctx, tx, a.ID, stored.hash, try.fresh); err != nil {
			return SignedIn{}, err
		}
	}
	if err := s.replaceSession(ctx, tx, visitor); err != nil {
		return SignedIn{}, err
	}
	if err := s.store.deleteAttempt(ctx, tx, try.keys.login); err != nil {
		return SignedIn{}, err
	}
	session := Session{
		ID: ids.New(), AccountID: a.ID, CreatedAt: tx.Now(), SeenAt: tx.Now(), ExpiresAt: tx.Now().Add(s.policy.Absolute),
		Device: visitor.Device, Addr: visitor.Addr,
	}
	out := SignedIn{
		Account: a, Secret: ids.Secret(), Device: s.devices.make(a.ID), Session: session.ID, Expires: session.ExpiresAt,
	}
	if err := s.store.insertSession(ctx, tx, session, ids.Digest(out.Secret)); err != nil {
		return SignedIn{}, err
	}
	tx.Changed(a.Thing(), nil, map[string]any{"session": session.ID})
	f := factOf(FactSignedIn, a)
	f.Data = AccountFact{Login: a.Login, Name: a.Name, Session: session.ID}
	tx.Emit(f)
	return out, s.store.setSignedIn(ctx, tx, a.ID, db.At(tx.Now()))
}

// replaceSession ends the session the browser came with, whoever's it is.
func (s *Service) replaceSession(ctx context.Context, tx *op.Tx, visitor op.Actor) error {
	if visitor.Kind != op.Person || visitor.Session == "" {
		return nil
	}
	err := s.store.endSession(ctx, tx, visitor.Session, visitor.ID, EndedBySignIn, db.At(tx.Now()))
	if errors.Is(err, ErrSessionNotFound) {
		return nil
	}
	db.AfterCommit(ctx, func() { s.forgetAccount(visitor.ID) })
	return err
}
