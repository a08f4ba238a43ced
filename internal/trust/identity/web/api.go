package web

import (
	"context"
	"net/http"
	"slices"

	"tongban/internal/kernel/api"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

// listParams are the filters of the account list.
type listParams struct {
	api.Paging
	Query string `query:"q" maxLength:"100" doc:"Beginnings of words of login, name and unit."`
	State string `query:"state" enum:"active,disabled"`
	Kind  string `query:"kind" enum:"person,service"`
	Role  string `query:"role" maxLength:"40"`
	Sort  string `query:"sort" enum:"login,name,created"`
	Desc  bool   `query:"desc"`
}

type accountID struct {
	ID string `path:"id" maxLength:"36"`
}

// newAccount is an account to be made.
type newAccount struct {
	Login string   `json:"login" minLength:"2" maxLength:"64"`
	Name  string   `json:"name" minLength:"1" maxLength:"80"`
	Kind  string   `json:"kind,omitempty" enum:"person,service" default:"person"`
	Unit  string   `json:"unit,omitempty" maxLength:"80"`
	Roles []string `json:"roles,omitempty" maxItems:"20"`
}

// me is who a token acts as, and what it may.
type me struct {
	Account     identity.Account `json:"account"`
	Permissions []string         `json:"permissions"`
}

func registerAPI(a *api.API, s *identity.Service) {
	api.Register(a, api.Route{ID: "list-accounts", Method: http.MethodGet, Path: "/identity/accounts", Tag: "identity", Summary: "List accounts"},
		func(ctx context.Context, in *listParams) (*api.Body[api.List[identity.Account]], error) {
			list, err := s.ListAccounts(ctx, identity.ListAccountsInput{
				Query: in.Query, State: identity.State(in.State), Kind: identity.Kind(in.Kind), Role: in.Role, Sort: in.Sort, Desc: in.Desc,
				Page: db.Page{Cursor: in.Cursor, Limit: in.Limit},
			})
			return &api.Body[api.List[identity.Account]]{Body: api.List[identity.Account]{Items: list.Accounts, Next: list.Next}}, err
		})
	api.Register(a, api.Route{ID: "create-account", Method: http.MethodPost, Path: "/identity/accounts", Tag: "identity", Status: http.StatusCreated,
		Summary: "Create an account; the answer holds its one-time password, which is shown once"},
		func(ctx context.Context, in *struct{ Body newAccount }) (*api.Body[identity.CreatedAccount], error) {
			out, err := s.CreateAccount(ctx, identity.CreateAccountInput{
				Login: in.Body.Login, Name: in.Body.Name, Kind: identity.Kind(in.Body.Kind), Unit: in.Body.Unit, Roles: in.Body.Roles,
			})
			return &api.Body[identity.CreatedAccount]{Body: out}, err
		})
	one := func(id, method, path, summary string, do func(context.Context, identity.AccountRef) (identity.Account, error)) {
		api.Register(a, api.Route{ID: id, Method: method, Path: path, Tag: "identity", Summary: summary},
			func(ctx context.Context, in *accountID) (*api.Body[identity.Account], error) {
				out, err := do(ctx, identity.AccountRef{ID: in.ID})
				return &api.Body[identity.Account]{Body: out}, err
			})
	}
	one("get-account", http.MethodGet, "/identity/accounts/{id}", "Get an account", s.Account)
	one("disable-account", http.MethodPost, "/identity/accounts/{id}/disable", "Disable an account and end its sessions", s.DisableAccount)
	one("enable-account", http.MethodPost, "/identity/accounts/{id}/enable", "Enable an account", s.EnableAccount)
	api.Register(a, api.Route{ID: "get-me", Method: http.MethodGet, Path: "/me", Tag: "identity", Summary: "Who this token acts as, and what it may"},
		func(ctx context.Context, _ *struct{}) (*api.Body[me], error) {
			out, err := s.Profile(ctx, op.None{})
			return &api.Body[me]{Body: me{Account: out, Permissions: permissionNames(ctx)}}, err
		})
}

// permissionNames are the permissions of the actor, sorted.
func permissionNames(ctx context.Context) []string {
	list := []string{}
	for p, held := range op.ActorFrom(ctx).Permissions {
		if held {
			list = append(list, string(p))
		}
	}
	slices.Sort(list)
	return list
}
