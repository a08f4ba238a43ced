package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
)

// ListAccountsInput says which accounts are wanted, and in which order.
type ListAccountsInput struct {
	Query string  `json:"q,omitempty"` // beginnings of words of login, name and unit; Chinese from any character on
	State State   `json:"state,omitempty"`
	Kind  Kind    `json:"kind,omitempty"`
	Role  string  `json:"role,omitempty"`
	Sort  string  `json:"sort,omitempty"` // login (the default), name or created
	Desc  bool    `json:"desc,omitempty"`
	Page  db.Page `json:"-"`
}

// maxQuery is how many characters are searched for.
const maxQuery = 100

// Validate checks the form of the input.
func (in ListAccountsInput) Validate() error {
	faults := checkLines("q", in.Query, maxQuery)
	if utf8.RuneCountInString(in.Query) <= maxQuery && strings.TrimSpace(in.Query) != "" && len(searchTerms(in.Query)) == 0 {
		faults = append(faults, errs.Field{Name: "q", Code: "bad_format"})
	}
	choice := func(field string, ok bool) {
		if !ok {
			faults = append(faults, errs.Field{Name: field, Code: "not_a_choice"})
		}
	}
	choice("state", in.State == "" || in.State == Active || in.State == Disabled)
	choice("kind", in.Kind == "" || in.Kind == Person || in.Kind == Program)
	choice("role", in.Role == "" || knownRole(in.Role))
	choice("sort", sortColumn(in.Sort) != "")
	return errs.InvalidFields(faults...)
}

// AccountList is a page of accounts.
type AccountList struct {
	Accounts []Account `json:"accounts"`
	Next     string    `json:"next,omitempty"`
	// Capped is true when more accounts fit the search than are looked at; a longer search word helps.
	Capped bool `json:"capped"`
}

// maxPage is how many accounts one page may have.
const maxPage = 200

// String describes the filter, for the entry about the look at the list itself.
func (in ListAccountsInput) String() string {
	raw, err := json.Marshal(in)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// ListAccounts returns one page of the accounts that fit. Being a read of many people's data each page is audited.
func (s *Service) ListAccounts(ctx context.Context, in ListAccountsInput) (AccountList, error) {
	return op.Query(ctx, s.ops, listAccounts, in, func(ctx context.Context, v *op.View, in ListAccountsInput) (AccountList, error) {
		v.Saw(op.Thing{Kind: ThingSearch, ID: "list", Label: in.String()})
		return s.listAccounts(ctx, v, in, in.Page.Size(maxPage))
	})
}

func (s *Service) listAccounts(ctx context.Context, q db.Querier, in ListAccountsInput, size int) (AccountList, error) {
	rows, err := s.store.listAccounts(ctx, q, in, size+1)
	if err != nil {
		return AccountList{}, err
	}
	rows, next := db.Cut(rows, size, func(a sortedAccount) []any { return []any{a.key, a.ID} })
	list := AccountList{Accounts: make([]Account, len(rows)), Next: next}
	for i, a := range rows {
		list.Accounts[i] = a.Account
	}
	if terms := searchTerms(in.Query); len(terms) > 0 {
		if list.Capped, err = s.store.tooMany(ctx, q, terms[0]); err != nil {
			return AccountList{}, err
		}
	}
	return list, s.store.loadRoles(ctx, q, list.Accounts)
}

// maxExport is how many accounts one export holds.
const maxExport = 50_000

// ExportAccounts returns all accounts that fit, up to maxExport; Capped tells when there were more. Being a read
// of many people's data it is audited.
func (s *Service) ExportAccounts(ctx context.Context, in ListAccountsInput) (AccountList, error) {
	return op.Query(ctx, s.ops, exportAccounts, in, func(ctx context.Context, v *op.View, in ListAccountsInput) (AccountList, error) {
		var all AccountList
		for len(all.Accounts) < maxExport {
			part, err := s.listAccounts(ctx, v, in, db.MaxIn)
			if err != nil {
				return AccountList{}, err
			}
			all.Accounts = append(all.Accounts, part.Accounts...)
			all.Capped = part.Capped || part.Next != ""
			if part.Next == "" {
				break
			}
			in.Page.Cursor = part.Next
		}
		v.Saw(op.Thing{Kind: ThingAccount, ID: "export", Label: fmt.Sprintf("%d", len(all.Accounts))})
		return all, nil
	})
}

// OverviewInput says when the day began, in the organisation's zone.
type OverviewInput struct {
	Day time.Time `json:"day"`
}

// Overview is what the front page of the console tells about accounts.
type Overview struct {
	Accounts int64 `json:"accounts"`
	Disabled int64 `json:"disabled"`
	Sessions int64 `json:"sessions"` // that live now
	SignIns  int64 `json:"sign_ins"` // since the day began
}

// Overview counts accounts, living sessions and the sign-ins of the day.
func (s *Service) Overview(ctx context.Context, in OverviewInput) (Overview, error) {
	return op.Query(ctx, s.ops, readOverview, in, func(ctx context.Context, v *op.View, in OverviewInput) (Overview, error) {
		now := s.clock.Now()
		return s.store.overview(ctx, v, db.At(now), db.At(now.Add(-s.policy.Idle)), db.At(in.Day))
	})
}
