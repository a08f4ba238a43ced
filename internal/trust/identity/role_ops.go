package identity

import (
	"context"
	"slices"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/op"
)

// The operations on roles.
var (
	grantRole  = op.New("identity.role.grant", op.Needs(PermRoleGrant), op.Reversible())
	revokeRole = op.New("identity.role.revoke", op.Needs(PermRoleGrant), op.Reversible())
	listRoles  = op.New("identity.role.list", op.Needs(PermRoleRead), op.Reads())
	readRole   = op.New("identity.role.read", op.Needs(PermRoleRead), op.Reads())
	updateRole = op.New("identity.role.update", op.Needs(PermRoleWrite), op.Reversible())
)

func hasRole(a Account, role string) bool { return slices.Contains(a.Roles, role) }

// GrantInput names an account and a role.
type GrantInput struct {
	ID   string `json:"id"`
	Role string `json:"role"`
}

// Validate checks the form of the input.
func (in GrantInput) Validate() error {
	if !knownRole(in.Role) {
		return errs.InvalidFields(errs.Field{Name: "role", Code: "not_a_choice"})
	}
	return nil
}

// GrantRole gives an account a role. ErrRoleHeld, ErrThreePowers, ErrStandsAlone, ErrPowerForProgram,
// ErrOwnAccount.
func (s *Service) GrantRole(ctx context.Context, in GrantInput) (Account, error) {
	return op.Run(ctx, s.ops, grantRole, in, func(ctx context.Context, tx *op.Tx, in GrantInput) (Account, error) {
		before, err := s.store.account(ctx, tx, in.ID)
		if err != nil {
			return Account{}, err
		}
		switch {
		case hasRole(before, in.Role):
			return Account{}, ErrRoleHeld
		case before.ID == tx.Actor().ID:
			return Account{}, ErrOwnAccount
		}
		a := before
		a.Roles = append(slices.Clone(before.Roles), in.Role)
		slices.Sort(a.Roles)
		if err := checkRoles(a.Kind, a.Roles); err != nil {
			return Account{}, err
		}
		if err := s.store.insertGrant(ctx, tx, a.ID, in.Role, tx.Actor().ID, db.At(tx.Now())); err != nil {
			return Account{}, err
		}
		return s.saveRoles(ctx, tx, before, a, FactRoleGranted, revokeRole, in)
	})
}

// RevokeRole takes a role from an account. ErrRoleNotHeld, ErrOwnAccount, ErrLastAdministrator.
func (s *Service) RevokeRole(ctx context.Context, in GrantInput) (Account, error) {
	return op.Run(ctx, s.ops, revokeRole, in, func(ctx context.Context, tx *op.Tx, in GrantInput) (Account, error) {
		before, err := s.store.account(ctx, tx, in.ID)
		if err != nil {
			return Account{}, err
		}
		switch {
		case !hasRole(before, in.Role):
			return Account{}, ErrRoleNotHeld
		case before.ID == tx.Actor().ID:
			return Account{}, ErrOwnAccount
		}
		if in.Role == RoleSystemAdmin {
			if err := s.keepAdministrator(ctx, tx, before); err != nil {
				return Account{}, err
			}
		}
		a := before
		a.Roles = slices.DeleteFunc(slices.Clone(before.Roles), func(r string) bool { return r == in.Role })
		if err := s.store.deleteGrant(ctx, tx, a.ID, in.Role); err != nil {
			return Account{}, err
		}
		return s.saveRoles(ctx, tx, before, a, FactRoleRevoked, grantRole, in)
	})
}

func (s *Service) saveRoles(ctx context.Context, tx *op.Tx, before, a Account, fact string, inverse *op.Spec, in GrantInput) (Account, error) {
	if err := s.saveAccount(ctx, tx, before, &a); err != nil {
		return Account{}, err
	}
	f := factOf(fact, a)
	f.Data = AccountFact{Login: a.Login, Name: a.Name, Role: in.Role}
	tx.Emit(f)
	return a, tx.Undo(ctx, inverse, in)
}

// RoleList holds all roles.
type RoleList struct {
	Roles []Role `json:"roles"`
}

// Roles returns all roles in the order of the screens.
func (s *Service) Roles(ctx context.Context, in op.None) (RoleList, error) {
	return op.Query(ctx, s.ops, listRoles, in, func(ctx context.Context, v *op.View, _ op.None) (RoleList, error) {
		stored, err := s.store.roles(ctx, v)
		if err != nil {
			return RoleList{}, err
		}
		holders, err := s.store.holders(ctx, v)
		if err != nil {
			return RoleList{}, err
		}
		var list RoleList
		for _, id := range RoleIDs() {
			r := s.role(id, stored)
			r.Holders = holders[id]
			list.Roles = append(list.Roles, r)
		}
		return list, nil
	})
}

func (s *Service) role(id string, stored map[string]storedRole) Role {
	kept, changed := stored[id]
	return Role{ID: id, Permissions: s.effective(id, stored), Changed: changed, Version: kept.version}
}

// RoleRef names a role.
type RoleRef struct {
	ID string `json:"id"`
}

// Role returns one role. ErrRoleNotFound.
func (s *Service) Role(ctx context.Context, in RoleRef) (Role, error) {
	return op.Query(ctx, s.ops, readRole, in, func(ctx context.Context, v *op.View, in RoleRef) (Role, error) {
		if !knownRole(in.ID) {
			return Role{}, ErrRoleNotFound
		}
		stored, err := s.store.roles(ctx, v)
		if err != nil {
			return Role{}, err
		}
		holders, err := s.store.holders(ctx, v)
		r := s.role(in.ID, stored)
		r.Holders = holders[in.ID]
		return r, err
	})
}

// Assignable reports whether a role may have a permission: each of the three powers keeps to its own, and an
// auditor only reads.
func (s *Service) Assignable(role string, p op.Permission) bool {
	reads, known := (*s.known.Load())[p]
	return known && mayHold(role, p, reads)
}

// UpdateRoleInput replaces what a role may.
type UpdateRoleInput struct {
	ID          string          `json:"id"`
	Permissions []op.Permission `json:"permissions"`
	Version     int64           `json:"version"` // of the role as it was read
}

// UpdateRole replaces what a role may, for all who hold it. ErrRoleNotFound, ErrChanged, ErrNeededForRepair
// for the system administrator's role, and ErrForeignPower when a permission belongs to another of the three powers.
func (s *Service) UpdateRole(ctx context.Context, in UpdateRoleInput) (Role, error) {
	return op.Run(ctx, s.ops, updateRole, in, func(ctx context.Context, tx *op.Tx, in UpdateRoleInput) (Role, error) {
		if !knownRole(in.ID) {
			return Role{}, ErrRoleNotFound
		}
		wanted, err := s.checkPermissions(in)
		if err != nil {
			return Role{}, err
		}
		stored, err := s.store.roles(ctx, tx)
		if err != nil {
			return Role{}, err
		}
		before := s.role(in.ID, stored)
		if before.Version != in.Version {
			return Role{}, ErrChanged
		}
		after := Role{ID: in.ID, Permissions: wanted, Changed: true, Version: before.Version + 1}
		if in.ID == RoleSystemAdmin && s.lacksRepair(wanted) {
			return Role{}, ErrNeededForRepair // nobody could give it back
		}
		if err := s.store.saveRole(ctx, tx, after, in.Version, db.At(tx.Now())); err != nil {
			return Role{}, err
		}
		tx.Changed(op.Thing{Kind: ThingRole, ID: in.ID, Label: in.ID}, before, after)
		tx.Emit(events.Fact{Type: FactRoleChanged, Subject: in.ID, Data: after})
		db.AfterCommit(ctx, s.forgetRoles)
		return after, tx.Undo(ctx, updateRole, UpdateRoleInput{ID: in.ID, Permissions: before.Permissions, Version: after.Version})
	})
}

// lacksRepair reports whether a permission of the program is missing without which a system administrator could not
// mend roles and accounts.
func (s *Service) lacksRepair(list []op.Permission) bool {
	for _, p := range []op.Permission{PermRoleRead, PermRoleWrite, PermRoleGrant, PermAccountRead, openConsole} {
		if _, known := (*s.known.Load())[p]; known && !slices.Contains(list, p) {
			return true
		}
	}
	return false
}

// checkPermissions returns the permissions sorted, each once.
func (s *Service) checkPermissions(in UpdateRoleInput) ([]op.Permission, error) {
	list := slices.Clone(in.Permissions)
	slices.Sort(list)
	list = slices.Compact(list)
	for _, p := range list {
		reads, known := (*s.known.Load())[p]
		if !known {
			return nil, errs.InvalidFields(errs.Field{Name: "permissions", Code: "not_a_choice"})
		}
		if !mayHold(in.ID, p, reads) {
			return nil, ErrForeignPower
		}
	}
	return list, nil
}
