package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
)

// The operations on accounts.
var (
	createAccount   = op.New("identity.account.create", op.Needs(PermAccountWrite), op.Secret())
	updateAccount   = op.New("identity.account.update", op.Needs(PermAccountWrite))
	listAccounts    = op.New("identity.account.list", op.Needs(PermAccountRead), op.ReadsPersonal())
	exportAccounts  = op.New("identity.account.export", op.Needs(PermAccountRead), op.ReadsPersonal())
	readAccount     = op.New("identity.account.read", op.Needs(PermAccountRead), op.ReadsPersonal())
	disableAccount  = op.New("identity.account.disable", op.Needs(PermAccountWrite), op.Reversible())
	disableAccounts = op.New("identity.account.disable_many", op.Needs(PermAccountWrite), op.Serious(), op.Reversible())
	enableAccounts  = op.New("identity.account.enable_many", op.Needs(PermAccountWrite))
	enableAccount   = op.New("identity.account.enable", op.Needs(PermAccountWrite))
	readOverview    = op.New("identity.overview.read", op.Needs(PermAccountRead), op.Reads())
)

// CreateAccountInput describes a new account.
type CreateAccountInput struct {
	Login    string   `json:"login"`
	Name     string   `json:"name"`
	Kind     Kind     `json:"kind"` // empty: a person
	Unit     string   `json:"unit"`
	Roles    []string `json:"roles"`    // needs the permission to grant roles, when there are any
	Password string   `json:"password"` // empty: a one-time password is made
	// KeepPassword spares the person the change at the first sign-in. Only the program itself may say so, for the
	// demonstration organisation.
	KeepPassword bool `json:"keep_password"`
}

// Validate checks the form of the input.
func (in CreateAccountInput) Validate() error {
	faults := checkLogin(in.Login)
	faults = append(faults, checkText("name", in.Name, maxName, true)...)
	faults = append(faults, checkText("unit", in.Unit, maxUnit, false)...)
	if in.Kind != "" && in.Kind != Person && in.Kind != Program {
		faults = append(faults, errs.Field{Name: "kind", Code: "not_a_choice"})
	}
	for _, r := range in.Roles {
		if !knownRole(r) {
			faults = append(faults, errs.Field{Name: "roles", Code: "not_a_choice"})
		}
	}
	if in.Password != "" && in.Kind != Program {
		faults = append(faults, checkPassword("password", in.Password, in.Login, in.Name)...)
	}
	return errs.InvalidFields(faults...)
}

// CreatedAccount is a new account and, when one was made, its one-time password, which nobody can read again.
type CreatedAccount struct {
	Account  Account `json:"account"`
	Password string  `json:"password,omitempty"`
}

// firstPasswordLife is how long a password made by an administrator opens the door.
const firstPasswordLife = 7 * 24 * time.Hour

// CreateAccount makes an account. Besides invalid input: ErrLoginTaken, ErrThreePowers, ErrStandsAlone,
// ErrPowerForProgram, and op.ErrDenied when roles are given by somebody who may not grant them.
func (s *Service) CreateAccount(ctx context.Context, in CreateAccountInput) (CreatedAccount, error) {
	first, made := in.Password, ""
	if first == "" && in.Kind != Program {
		made = oneTimePassword()
		first = made
	}
	hash, err := s.prepareHash(ctx, createAccount, in.Validate(), first)
	if err != nil {
		return CreatedAccount{}, err
	}
	return op.Run(ctx, s.ops, createAccount, in, func(ctx context.Context, tx *op.Tx, in CreateAccountInput) (CreatedAccount, error) {
		actor := tx.Actor()
		a := newAccount(in, tx.Now())
		if len(in.Roles) > 0 && !actor.Can(PermRoleGrant) {
			return CreatedAccount{}, op.ErrDenied
		}
		if err := checkRoles(a.Kind, a.Roles); err != nil {
			return CreatedAccount{}, err
		}
		a.MustChange = a.Kind == Person && (!in.KeepPassword || actor.Kind != op.System)
		return CreatedAccount{Account: a, Password: made}, s.insertAccount(ctx, tx, a, hash)
	})
}

func newAccount(in CreateAccountInput, now time.Time) Account {
	a := Account{
		ID: ids.New(), Login: strings.TrimSpace(in.Login), Name: strings.TrimSpace(in.Name), Kind: in.Kind, State: Active, Unit: strings.TrimSpace(in.Unit), Roles: []string{},
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if a.Kind == "" {
		a.Kind = Person
	}
	a.Roles = append(a.Roles, in.Roles...)
	slices.Sort(a.Roles)
	a.Roles = slices.Compact(a.Roles)
	return a
}

// insertAccount stores a new account with its words, password and roles, and records it.
func (s *Service) insertAccount(ctx context.Context, tx *op.Tx, a Account, hash string) error {
	if err := s.store.insertAccount(ctx, tx, a); err != nil {
		return err
	}
	if err := s.store.setWords(ctx, tx, a); err != nil {
		return err
	}
	if hash != "" {
		p := password{hash: hash, changedAt: db.At(tx.Now())}
		if a.MustChange {
			p.expiresAt = db.At(tx.Now().Add(firstPasswordLife))
		}
		if err := s.store.putPassword(ctx, tx, a.ID, p); err != nil {
			return err
		}
	}
	tx.Emit(factOf(FactAccountCreated, a))
	for _, r := range a.Roles {
		if err := s.store.insertGrant(ctx, tx, a.ID, r, tx.Actor().ID, db.At(tx.Now())); err != nil {
			return err
		}
		f := factOf(FactRoleGranted, a)
		f.Data = AccountFact{Login: a.Login, Name: a.Name, Role: r}
		tx.Emit(f)
	}
	tx.Changed(a.Thing(), nil, a)
	return nil
}

// UpdateAccountInput changes what describes an account.
type UpdateAccountInput struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Unit    string `json:"unit"`
	Version int64  `json:"version"` // of the account as it was read; 0: whatever it is
}

// Validate checks the form of the input.
func (in UpdateAccountInput) Validate() error {
	return errs.InvalidFields(append(checkText("name", in.Name, maxName, true), checkText("unit", in.Unit, maxUnit, false)...)...)
}

// UpdateAccount changes what describes an account. ErrAccountNotFound; ErrChanged when somebody else was faster.
func (s *Service) UpdateAccount(ctx context.Context, in UpdateAccountInput) (Account, error) {
	return op.Run(ctx, s.ops, updateAccount, in, func(ctx context.Context, tx *op.Tx, in UpdateAccountInput) (Account, error) {
		before, err := s.store.account(ctx, tx, in.ID)
		if err != nil {
			return Account{}, err
		}
		if in.Version != 0 && in.Version != before.Version {
			return Account{}, ErrChanged
		}
		a := before
		a.Name, a.Unit = strings.TrimSpace(in.Name), strings.TrimSpace(in.Unit)
		if err := s.saveAccount(ctx, tx, before, &a); err != nil {
			return Account{}, err
		}
		tx.Emit(factOf(FactAccountChanged, a))
		return a, s.store.setWords(ctx, tx, a)
	})
}

// saveAccount stores a changed account as its next version, records the change, and makes this process forget
// what it remembered of the account.
func (s *Service) saveAccount(ctx context.Context, tx *op.Tx, before Account, a *Account) error {
	a.Version, a.UpdatedAt = before.Version+1, tx.Now()
	if err := s.store.saveAccount(ctx, tx, *a, before.Version); err != nil {
		return err
	}
	tx.Changed(a.Thing(), before, *a)
	id := a.ID
	db.AfterCommit(ctx, func() { s.forgetAccount(id) })
	return nil
}

// AccountRef names an account.
type AccountRef struct {
	ID string `json:"id"`
}

// Account returns one account. ErrAccountNotFound.
func (s *Service) Account(ctx context.Context, in AccountRef) (Account, error) {
	return op.Query(ctx, s.ops, readAccount, in, func(ctx context.Context, v *op.View, in AccountRef) (Account, error) {
		a, err := s.store.account(ctx, v, in.ID)
		if err != nil {
			return Account{}, err
		}
		v.Saw(a.Thing())
		return a, nil
	})
}

// DisableAccount closes an account and ends its sessions; its tokens stop working. It can be taken back for a
// day. ErrOwnAccount, ErrLastAdministrator, ErrStateAlready.
func (s *Service) DisableAccount(ctx context.Context, in AccountRef) (Account, error) {
	return op.Run(ctx, s.ops, disableAccount, in, func(ctx context.Context, tx *op.Tx, in AccountRef) (Account, error) {
		a, err := s.store.account(ctx, tx, in.ID)
		if err != nil {
			return Account{}, err
		}
		if a, err = s.disable(ctx, tx, a); err != nil {
			return Account{}, err
		}
		return a, tx.Undo(ctx, enableAccount, in)
	})
}

// disable closes one account in the caller's transaction.
func (s *Service) disable(ctx context.Context, tx *op.Tx, before Account) (Account, error) {
	if before.State == Disabled {
		return Account{}, ErrStateAlready
	}
	if before.ID == tx.Actor().ID {
		return Account{}, ErrOwnAccount
	}
	if err := s.keepAdministrator(ctx, tx, before); err != nil {
		return Account{}, err
	}
	a := before
	a.State = Disabled
	if err := s.saveAccount(ctx, tx, before, &a); err != nil {
		return Account{}, err
	}
	tx.Emit(factOf(FactAccountDisabled, a))
	return a, s.endAll(ctx, tx, a, "", EndedByDisabling)
}

// keepAdministrator returns ErrLastAdministrator when nobody else could administer the system.
func (s *Service) keepAdministrator(ctx context.Context, tx *op.Tx, a Account) error {
	if !hasRole(a, RoleSystemAdmin) || a.State != Active {
		return nil
	}
	others, err := s.store.administrators(ctx, tx, a.ID)
	if err == nil && others == 0 {
		err = ErrLastAdministrator
	}
	return err
}

// EnableAccount opens a disabled account again. ErrStateAlready.
func (s *Service) EnableAccount(ctx context.Context, in AccountRef) (Account, error) {
	return op.Run(ctx, s.ops, enableAccount, in, func(ctx context.Context, tx *op.Tx, in AccountRef) (Account, error) {
		before, err := s.store.account(ctx, tx, in.ID)
		if err != nil {
			return Account{}, err
		}
		return s.enable(ctx, tx, before)
	})
}

// enable opens one account in the caller's transaction.
func (s *Service) enable(ctx context.Context, tx *op.Tx, before Account) (Account, error) {
	if before.State == Active {
		return Account{}, ErrStateAlready
	}
	a := before
	a.State = Active
	tx.Emit(factOf(FactAccountEnabled, a))
	return a, s.saveAccount(ctx, tx, before, &a)
}
