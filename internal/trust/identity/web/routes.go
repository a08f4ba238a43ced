package web

import (
	"context"

	"tongban/internal/kernel/api"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/identity"
)

// History tells what happened to a thing. The audit module does.
type History interface {
	Recent(ctx context.Context, thing op.Thing, limit int) ([]op.Entry, error)
}

// Deps is what the pages need.
type Deps struct {
	Identity *identity.Service
	Audit    History
	Registry *op.Registry
}

// permHistory is the permission History asks for; the tab is shown to those who hold it.
const permHistory op.Permission = "audit.read"

// permConsole opens the console; who holds it starts there.
const permConsole op.Permission = "system.console.open"

type pages struct {
	Deps
	site *web.Site
}

// Register puts the pages on the site and the operations into the API.
func Register(site *web.Site, a *api.API, d Deps) {
	p := pages{Deps: d, site: site}
	site.Page("GET /sign-in", ui.Plain, p.signInForm)
	site.Page("POST /sign-in", ui.Plain, p.signIn)
	site.Page("POST /sign-out", ui.Plain, p.signOut)
	site.Page("GET /setup/{token}", ui.Plain, p.setupForm)
	site.Page("POST /setup/{token}", ui.Plain, p.setup)
	p.registerAccounts()
	site.Page("GET /console/identity/roles", ui.Console, p.roles)
	site.Page("GET /console/identity/roles/matrix", ui.Console, p.matrix)
	site.Page("GET /console/identity/roles/{id}", ui.Console, p.role)
	site.Page("POST /console/identity/roles/{id}", ui.Console, p.updateRole)
	site.Page("GET /console/identity/organisation", ui.Console, p.organisation)
	site.Page("POST /console/identity/organisation", ui.Console, p.updateOrganisation)
	site.Page("GET /me", ui.Phone, p.me)
	site.Page("GET /me/password", ui.Phone, p.passwordForm)
	site.Page("POST /me/password", ui.Phone, p.changePassword)
	site.Page("GET /me/sessions", ui.Phone, p.mySessions)
	site.Page("POST /me/sessions/{id}/end", ui.Phone, p.endMySession)
	site.Page("GET /me/display", ui.Phone, p.display)
	p.menu()
	registerAPI(a, d.Identity)
}

func (p pages) registerAccounts() {
	s := p.site
	s.Page("GET /console/identity/accounts", ui.Console, p.accounts)
	s.Page("POST /console/identity/accounts", ui.Console, p.createAccount)
	s.Page("GET /console/identity/accounts/new", ui.Console, p.newAccount)
	s.Page("GET /console/identity/accounts/export", ui.Console, p.exportAccounts)
	s.Page("POST /console/identity/accounts/disable", ui.Console, p.disableAccounts)
	s.Page("GET /console/identity/accounts/{id}", ui.Console, p.account)
	s.Page("GET /console/identity/accounts/{id}/roles", ui.Console, p.accountRoles)
	s.Page("GET /console/identity/accounts/{id}/sessions", ui.Console, p.accountSessions)
	s.Page("GET /console/identity/accounts/{id}/tokens", ui.Console, p.accountTokens)
	s.Page("GET /console/identity/accounts/{id}/history", ui.Console, p.accountHistory)
	s.Page("GET /console/identity/accounts/{id}/edit", ui.Console, p.editAccount)
	s.Page("POST /console/identity/accounts/{id}/edit", ui.Console, p.updateAccount)
	s.Page("POST /console/identity/accounts/{id}/disable", ui.Console, p.disableAccount)
	s.Page("POST /console/identity/accounts/{id}/enable", ui.Console, p.enableAccount)
	s.Page("POST /console/identity/accounts/{id}/reset", ui.Console, p.resetPassword)
	s.Page("POST /console/identity/accounts/{id}/grant", ui.Console, p.grantRole)
	s.Page("POST /console/identity/accounts/{id}/revoke", ui.Console, p.revokeRole)
	s.Page("POST /console/identity/accounts/{id}/sessions/end", ui.Console, p.endSession)
	s.Page("POST /console/identity/accounts/{id}/tokens", ui.Console, p.createToken)
	s.Page("POST /console/identity/accounts/{id}/tokens/revoke", ui.Console, p.revokeToken)
}

func (p pages) menu() {
	item := func(label, href, icon string, perm op.Permission, key string) web.MenuItem {
		return web.MenuItem{Face: ui.Console, Group: "identity.wing", Label: label, Href: href, Icon: icon, Permission: perm, Key: key}
	}
	p.site.Menu(
		item("identity.accounts", "/console/identity/accounts", "users", identity.PermAccountRead, "u"),
		item("identity.roles", "/console/identity/roles", "user-shield", identity.PermRoleRead, "r"),
		item("identity.organisation", "/console/identity/organisation", "building", identity.PermOrganisationWrite, ""),
		web.MenuItem{Face: ui.Phone, Label: "identity.me", Href: "/me", Icon: "user-circle"},
		web.MenuItem{Face: ui.Phone, Label: "identity.sessions", Href: "/me/sessions", Icon: "devices"},
		web.MenuItem{Face: ui.Phone, Label: "identity.password", Href: "/me/password", Icon: "lock"},
	)
}

// crumbs lead from the wing to a page; pairs are label and address, the last address being empty.
func crumbs(loc i18n.Locale, pairs ...string) []ui.Crumb {
	list := []ui.Crumb{{Label: loc.T("identity.wing")}}
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, ui.Crumb{Label: pairs[i], Href: pairs[i+1]})
	}
	return list
}
