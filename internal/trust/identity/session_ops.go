package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
)

// The operations on sessions.
var (
	signOut       = op.New("identity.session.sign_out", op.For(op.SignedIn))
	ownSessions   = op.New("identity.session.list_own", op.For(op.SignedIn), op.Reads())
	endOwnSession = op.New("identity.session.end_own", op.For(op.SignedIn))
	listSessions  = op.New("identity.session.list", op.Needs(PermSessionEnd), op.ReadsPersonal())
	endSession    = op.New("identity.session.end", op.Needs(PermSessionEnd))
	purgeSessions = op.New("identity.session.purge", op.For(op.Internal))
	readProfile   = op.New("identity.profile.read", op.For(op.SignedIn), op.Reads())
)

// How a session ended.
const (
	EndedBySignOut   = "sign_out"
	EndedByOwner     = "owner"   // from another of their browsers
	EndedBySignIn    = "sign_in" // the same browser signed in anew
	EndedByAdmin     = "administrator"
	EndedByDisabling = "disabled"
	EndedByPassword  = "password"
)

// Session is a signed-in browser.
type Session struct {
	ID        string    `json:"id"`
	AccountID string    `json:"account_id"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"` // last used, to about a minute
	ExpiresAt time.Time `json:"expires_at"`
	Device    string    `json:"device"` // as the browser calls itself
	Addr      string    `json:"addr"`
	Current   bool      `json:"current"` // the one that asks
}

// SessionRef names a session of an account.
type SessionRef struct {
	ID        string `json:"id"`
	AccountID string `json:"account_id"` // not needed for one's own
}

// SignOut ends the session that asks. It is no failure when it is over already.
func (s *Service) SignOut(ctx context.Context, in op.None) (op.None, error) {
	return op.Run(ctx, s.ops, signOut, in, func(ctx context.Context, tx *op.Tx, _ op.None) (op.None, error) {
		err := s.end(ctx, tx, SessionRef{ID: tx.Actor().Session, AccountID: tx.Actor().ID}, EndedBySignOut)
		if errors.Is(err, ErrSessionNotFound) {
			err = nil
		}
		return op.None{}, err
	})
}

// EndOwnSession ends one of the actor's own sessions. ErrSessionNotFound.
func (s *Service) EndOwnSession(ctx context.Context, in SessionRef) (op.None, error) {
	return op.Run(ctx, s.ops, endOwnSession, in, func(ctx context.Context, tx *op.Tx, in SessionRef) (op.None, error) {
		return op.None{}, s.end(ctx, tx, SessionRef{ID: in.ID, AccountID: tx.Actor().ID}, EndedByOwner)
	})
}

// EndSession ends a session of somebody else. ErrSessionNotFound.
func (s *Service) EndSession(ctx context.Context, in SessionRef) (op.None, error) {
	return op.Run(ctx, s.ops, endSession, in, func(ctx context.Context, tx *op.Tx, in SessionRef) (op.None, error) {
		return op.None{}, s.end(ctx, tx, in, EndedByAdmin)
	})
}

// end ends one session in the caller's transaction and makes this process forget it.
func (s *Service) end(ctx context.Context, tx *op.Tx, ref SessionRef, how string) error {
	a, err := s.store.account(ctx, tx, ref.AccountID)
	if err != nil {
		return err
	}
	if err := s.store.endSession(ctx, tx, ref.ID, ref.AccountID, how, db.At(tx.Now())); err != nil {
		return err
	}
	s.noteEnd(ctx, tx, a, ref.ID, how)
	return nil
}

// endAll ends the sessions of an account, save one.
func (s *Service) endAll(ctx context.Context, tx *op.Tx, a Account, except, how string) error {
	n, err := s.store.endSessions(ctx, tx, a.ID, except, how, db.At(tx.Now()))
	if err != nil || n == 0 {
		return err
	}
	s.noteEnd(ctx, tx, a, "", how)
	return nil
}

func (s *Service) noteEnd(ctx context.Context, tx *op.Tx, a Account, session, how string) {
	tx.Changed(op.Thing{Kind: ThingSession, ID: session, Label: a.Name + " " + a.Login},
		map[string]any{"live": true}, map[string]any{"live": false, "how": how})
	f := factOf(FactSessionEnded, a)
	f.Data = AccountFact{Login: a.Login, Name: a.Name, Session: session, How: how}
	tx.Emit(f)
	id := a.ID
	db.AfterCommit(ctx, func() { s.forgetAccount(id) })
}

// SessionList holds the living sessions of an account, the newest first.
type SessionList struct {
	Sessions []Session `json:"sessions"`
}

// OwnSessions returns the actor's own living sessions.
func (s *Service) OwnSessions(ctx context.Context, in op.None) (SessionList, error) {
	return op.Query(ctx, s.ops, ownSessions, in, func(ctx context.Context, v *op.View, _ op.None) (SessionList, error) {
		return s.sessionsOf(ctx, v, op.ActorFrom(ctx).ID)
	})
}

// Sessions returns the living sessions of an account. ErrAccountNotFound.
func (s *Service) Sessions(ctx context.Context, in AccountRef) (SessionList, error) {
	return op.Query(ctx, s.ops, listSessions, in, func(ctx context.Context, v *op.View, in AccountRef) (SessionList, error) {
		a, err := s.store.account(ctx, v, in.ID)
		if err != nil {
			return SessionList{}, err
		}
		v.Saw(a.Thing())
		return s.sessionsOf(ctx, v, a.ID)
	})
}

func (s *Service) sessionsOf(ctx context.Context, q db.Querier, accountID string) (SessionList, error) {
	now := s.clock.Now()
	list, err := s.store.sessions(ctx, q, accountID, db.At(now), db.At(now.Add(-s.policy.Idle)))
	for i := range list {
		list[i].Current = list[i].ID == op.ActorFrom(ctx).Session
		if noted := s.seen.last(list[i].ID); noted.After(list[i].SeenAt) {
			list[i].SeenAt = noted
		}
	}
	return SessionList{Sessions: list}, err
}

// Profile returns the actor's own account.
func (s *Service) Profile(ctx context.Context, in op.None) (Account, error) {
	return op.Query(ctx, s.ops, readProfile, in, func(ctx context.Context, v *op.View, _ op.None) (Account, error) {
		return s.store.account(ctx, v, op.ActorFrom(ctx).ID)
	})
}

const keepSessions = 30 * 24 * time.Hour // after their end, for questions about who was signed in

// Purged tells how many rows a purge deleted.
type Purged struct {
	Sessions int64 `json:"sessions"`
	Attempts int64 `json:"attempts"`
}

// PurgeSessions deletes a batch of sessions that are long over and of failed sign-ins that no longer count.
func (s *Service) PurgeSessions(ctx context.Context, in op.None) (Purged, error) {
	return op.Run(ctx, s.ops, purgeSessions, in, func(ctx context.Context, tx *op.Tx, _ op.None) (p Purged, err error) {
		if p.Sessions, err = s.store.purgeSessions(ctx, tx, db.At(tx.Now().Add(-keepSessions))); err != nil {
			return p, err
		}
		p.Attempts, err = s.store.purgeAttempts(ctx, tx, db.At(tx.Now().Add(-2*forgetAfter)))
		if p.Sessions > 0 {
			tx.Changed(op.Thing{Kind: ThingSession, ID: "purge"}, p, nil)
		}
		return p, err
	})
}

// clean returns s as text that both engines take.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
