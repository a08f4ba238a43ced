package identity

import (
	"context"
	"errors"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
)

// maxMany is how many accounts one operation closes.
const maxMany = 200

// AccountRefs names accounts.
type AccountRefs struct {
	IDs []string `json:"ids"`
}

// Validate checks the form of the input.
func (in AccountRefs) Validate() error {
	if len(in.IDs) == 0 {
		return errs.InvalidFields(errs.Field{Name: "id", Code: "identity.nothing_selected"})
	}
	if len(in.IDs) > maxMany {
		return errs.InvalidFields(errs.Field{Name: "id", Code: "identity.too_many_selected", Params: map[string]any{"max": maxMany}})
	}
	return nil
}

// DisabledAccounts tells how many accounts were closed.
type DisabledAccounts struct {
	Disabled int `json:"disabled"`
}

// DisableAccounts closes several accounts at once, those that are open; all or none. It asks for a confirmation
// that names them, and can be taken back for a day.
func (s *Service) DisableAccounts(ctx context.Context, in AccountRefs) (DisabledAccounts, error) {
	return op.Run(ctx, s.ops, disableAccounts, in, func(ctx context.Context, tx *op.Tx, in AccountRefs) (DisabledAccounts, error) {
		var open []Account
		var names []string
		seen := map[string]bool{}
		for _, id := range in.IDs {
			a, err := s.store.account(ctx, tx, id)
			if err != nil {
				return DisabledAccounts{}, err
			}
			if a.State == Active && !seen[a.ID] {
				open, names = append(open, a), append(names, a.Name+" ("+a.Login+")")
			}
			seen[a.ID] = true
		}
		if len(open) == 0 {
			return DisabledAccounts{}, ErrStateAlready
		}
		effect := op.Effect{Key: "identity.confirm.disable_many", Value: map[string]any{"n": len(open)}, Names: names}
		if err := tx.Confirm(ctx, effect); err != nil {
			return DisabledAccounts{}, err
		}
		var done AccountRefs
		for _, a := range open {
			if _, err := s.disable(ctx, tx, a); err != nil {
				return DisabledAccounts{}, err
			}
			done.IDs = append(done.IDs, a.ID)
		}
		return DisabledAccounts{Disabled: len(open)}, tx.Undo(ctx, enableAccounts, done)
	})
}

// EnableAccounts opens several accounts again, those that are closed.
func (s *Service) EnableAccounts(ctx context.Context, in AccountRefs) (op.None, error) {
	return op.Run(ctx, s.ops, enableAccounts, in, func(ctx context.Context, tx *op.Tx, in AccountRefs) (op.None, error) {
		for _, id := range in.IDs {
			a, err := s.store.account(ctx, tx, id)
			if err != nil {
				return op.None{}, err
			}
			if _, err := s.enable(ctx, tx, a); err != nil && !errors.Is(err, ErrStateAlready) {
				return op.None{}, err
			}
		}
		return op.None{}, nil
	})
}
