package identity

import (
	"context"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
)

// The operations of the first start.
var (
	issueSetup  = op.New("identity.setup.issue", op.For(op.Internal), op.Secret())
	finishSetup = op.New("identity.setup.finish", op.For(op.Public))
)

const setupLife = 24 * time.Hour

// SetupLink is the way in for the first administrator.
type SetupLink struct {
	Secret  string    `json:"secret"` // for /setup/{token}; empty when there is an administrator
	Expires time.Time `json:"expires"`
}

// NeedsSetup reports whether nobody can administer the system yet.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	n, err := s.store.administrators(ctx, s.db.Reader(), "")
	return n == 0, err
}

// IssueSetup makes a one-time link, which replaces any earlier one. It does nothing, and the link is empty, when
// there is an administrator.
func (s *Service) IssueSetup(ctx context.Context, in op.None) (SetupLink, error) {
	if needed, err := s.NeedsSetup(ctx); err != nil || !needed {
		return SetupLink{}, err
	}
	return op.Run(ctx, s.ops, issueSetup, in, func(ctx context.Context, tx *op.Tx, _ op.None) (SetupLink, error) {
		if n, err := s.store.administrators(ctx, tx, ""); err != nil || n > 0 {
			return SetupLink{}, errorOr(err, ErrSetupOver)
		}
		link := SetupLink{Secret: ids.Secret(), Expires: tx.Now().Add(setupLife)}
		tx.Changed(op.Thing{Kind: ThingSetup, ID: "main"}, nil, map[string]any{"expires": link.Expires})
		return link, s.store.replaceSetup(ctx, tx, ids.Digest(link.Secret), db.At(tx.Now()), db.At(link.Expires))
	})
}

// SetupLives reports whether a setup link can still be used.
func (s *Service) SetupLives(ctx context.Context, token string) (bool, error) {
	return s.store.setupLives(ctx, s.db.Reader(), ids.Digest(token), db.At(s.clock.Now()))
}

// FinishSetupInput is what the first administrator fills in.
type FinishSetupInput struct {
	Token        string `json:"token"`
	Organisation string `json:"organisation"`
	Login        string `json:"login"`
	Name         string `json:"name"`
	Password     string `json:"password"`
}

// Validate checks the form of the input.
func (in FinishSetupInput) Validate() error {
	faults := checkText("organisation", in.Organisation, maxName, true)
	faults = append(faults, checkLogin(in.Login)...)
	faults = append(faults, checkText("name", in.Name, maxName, true)...)
	return errs.InvalidFields(append(faults, checkPassword("password", in.Password, in.Login, in.Name)...)...)
}

// FinishSetup makes the first system administrator and uses the link up. ErrSetupOver, ErrLoginTaken.
func (s *Service) FinishSetup(ctx context.Context, in FinishSetupInput) (Account, error) {
	ctx = op.WithReason(ctx, "") // whoever is at the door writes nothing into the log
	hash := ""
	if lives, err := s.SetupLives(ctx, in.Token); err != nil {
		return Account{}, err
	} else if lives {
		if hash, err = s.prepareHash(ctx, finishSetup, in.Validate(), in.Password); err != nil {
			return Account{}, err
		}
	}
	return op.Run(ctx, s.ops, finishSetup, in, func(ctx context.Context, tx *op.Tx, in FinishSetupInput) (Account, error) {
		if err := s.store.useSetup(ctx, tx, ids.Digest(in.Token), db.At(tx.Now())); err != nil {
			return Account{}, err
		}
		if n, err := s.store.administrators(ctx, tx, ""); err != nil || n > 0 || hash == "" {
			return Account{}, errorOr(err, ErrSetupOver)
		}
		before, err := s.store.organisation(ctx, tx)
		if err != nil {
			return Account{}, err
		}
		o := before
		o.Name, o.Version, o.UpdatedAt = strings.TrimSpace(in.Organisation), before.Version+1, tx.Now()
		if err := s.store.saveOrganisation(ctx, tx, o, before.Version); err != nil {
			return Account{}, err
		}
		tx.Changed(op.Thing{Kind: ThingOrganisation, ID: "main", Label: o.Name}, before, o)
		tx.Emit(events.Fact{Type: FactOrganisationChanged, Subject: "main", Data: map[string]string{"name": o.Name}})
		db.AfterCommit(ctx, s.orgName.forget)
		a := newAccount(CreateAccountInput{Login: in.Login, Name: in.Name, Roles: []string{RoleSystemAdmin}}, tx.Now())
		return a, s.insertAccount(ctx, tx, a, hash)
	})
}
