package web

import (
	"errors"
	"net/http"
	"time"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/identity"
)

// accountView is one account with what its present tab shows.
type accountView struct {
	Head    ui.PageHead
	Tabs    []ui.Tab
	Notices []ui.AlertView
	Facts   []ui.Desc
	Table   ui.TableView
	History []ui.TimelineItem
	Add     *formView
}

// frame reads the account and makes the head and the tabs of its pages.
func (p pages) frame(r *http.Request, tab string) (identity.Account, accountView, error) {
	loc, actor := i18n.From(r.Context()), op.ActorFrom(r.Context())
	a, err := p.Identity.Account(r.Context(), identity.AccountRef{ID: r.PathValue("id")})
	if err != nil {
		return a, accountView{}, err
	}
	base := accountsPath + "/" + a.ID
	v := accountView{Head: ui.PageHead{
		Title: a.Name, Number: a.Login, Status: &ui.StatusView{Text: loc.T("identity.state." + string(a.State)), Tone: stateTone(a.State)},
	}}
	if b := kindBadge(loc, a); b != nil {
		v.Head.Badges = append(v.Head.Badges, *b)
	}
	v.Head.Actions = accountActions(loc, actor, a)
	add := func(name, label, path string, may bool) {
		if may {
			v.Tabs = append(v.Tabs, ui.Tab{Label: loc.T(label), Href: base + path, Current: name == tab})
		}
	}
	tokens := actor.Can(identity.PermTokenWrite)
	if tokens && a.Kind == identity.Person { // who has any got them by the operator's command
		list, err := p.Identity.Tokens(r.Context(), identity.AccountRef{ID: a.ID})
		if err != nil {
			return a, accountView{}, err
		}
		tokens = tab == "tokens" || len(list.Tokens) > 0
	}
	add("details", "identity.details", "", true)
	add("roles", "identity.roles", "/roles", true)
	add("sessions", "identity.sessions", "/sessions", a.Kind == identity.Person && actor.Can(identity.PermSessionEnd))
	add("tokens", "identity.tokens", "/tokens", tokens)
	add("history", "identity.history", "/history", actor.Can(permHistory))
	return a, v, nil
}

// accountActions are what this reader may do to the account now.
func accountActions(loc i18n.Locale, actor op.Actor, a identity.Account) []ui.ButtonView {
	base := accountsPath + "/" + a.ID
	var list []ui.ButtonView
	if actor.Can(identity.PermPasswordReset) && a.Kind == identity.Person && a.ID != actor.ID {
		list = append(list, ui.ButtonView{Label: loc.T("op.identity.password.reset"), Icon: "key", Post: base + "/reset",
			Confirm: loc.T("identity.confirm_reset", "name", a.Name), TestID: "reset-password"})
	}
	if !actor.Can(identity.PermAccountWrite) {
		return list
	}
	switch {
	case a.State == identity.Disabled:
		list = append(list, ui.ButtonView{Label: loc.T("op.identity.account.enable"), Icon: "user-check", Post: base + "/enable", TestID: "enable"})
	case a.ID != actor.ID:
		list = append(list, ui.ButtonView{Label: loc.T("op.identity.account.disable"), Icon: "user-off", Post: base + "/disable",
			Confirm: loc.T("identity.confirm_disable", "name", a.Name), TestID: "disable"})
	}
	return append(list, ui.ButtonView{Label: loc.T("ui.edit"), Icon: "edit", Href: base + "/edit", TestID: "edit"})
}

func (p pages) renderAccount(w http.ResponseWriter, r *http.Request, a identity.Account, v accountView, status int) error {
	loc := i18n.From(r.Context())
	return p.site.Render(w, r, web.Page{
		Title: a.Name, Crumbs: crumbs(loc, loc.T("identity.accounts"), accountsPath, a.Name, ""), Body: accountPage(v), Status: status,
	})
}

func (p pages) account(w http.ResponseWriter, r *http.Request) error {
	a, v, err := p.frame(r, "details")
	if err != nil {
		return err
	}
	loc := i18n.From(r.Context())
	if a.MustChange {
		v.Notices = append(v.Notices, ui.AlertView{Tone: ui.Info, Text: loc.T("identity.must_change")})
	}
	v.Facts = []ui.Desc{
		{Term: loc.T("identity.name"), Text: a.Name}, {Term: loc.T("identity.login"), Text: a.Login},
		{Term: loc.T("identity.kind"), Text: loc.T("identity.kind." + string(a.Kind))}, {Term: loc.T("identity.unit"), Text: a.Unit},
		{Term: loc.T("identity.roles"), Text: roleNames(loc, a.Roles)}, {Term: loc.T("identity.state"), Text: loc.T("identity.state." + string(a.State))},
		{Term: loc.T("identity.created_at"), Text: loc.DateTime(a.CreatedAt)}, {Term: loc.T("identity.signed_in_at"), Text: loc.DateTime(a.SignedInAt)},
	}
	return p.renderAccount(w, r, a, v, http.StatusOK)
}

func (p pages) accountRoles(w http.ResponseWriter, r *http.Request) error {
	a, v, err := p.frame(r, "roles")
	if err != nil {
		return err
	}
	loc, actor := i18n.From(r.Context()), op.ActorFrom(r.Context())
	may := actor.Can(identity.PermRoleGrant) && a.ID != actor.ID
	v.Table = ui.TableView{
		Caption: loc.T("identity.roles"), TestID: "account-roles", Columns: []ui.Column{{Label: loc.T("identity.role")}, {Label: loc.T("identity.actions"), Kind: ui.ActionsColumn}},
		Empty: &ui.EmptyView{Icon: "user-shield", Title: loc.T("identity.no_roles"), Text: loc.T("identity.no_roles_text")},
	}
	held := map[string]bool{}
	for _, role := range a.Roles {
		held[role] = true
		action := ui.Text("")
		if may {
			action = ui.Component(ui.Button(ui.ButtonView{Label: loc.T("op.identity.role.revoke"), Small: true, Post: accountsPath + "/" + a.ID + "/revoke",
				Fields: []ui.Hidden{{Name: "role", Value: role}}, TestID: "revoke-" + role}))
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.TD{ui.Text(loc.T("identity.role." + role)), action}})
	}
	if may {
		var free []ui.Option
		for _, o := range roleOptions(loc) {
			if !held[o.Value] {
				free = append(free, o)
			}
		}
		v.Add = &formView{
			Head:   ui.PageHead{Title: loc.T("op.identity.role.grant"), Subtitle: loc.T("identity.roles_hint")},
			Form:   ui.FormView{Action: accountsPath + "/" + a.ID + "/grant", Submit: ui.ButtonView{Label: loc.T("op.identity.role.grant")}, TestID: "grant-form"},
			Fields: []control{choice(ui.Field{Name: "role", Label: loc.T("identity.role"), Required: true, Options: free, Blank: loc.T("identity.choose")})},
		}
	}
	return p.renderAccount(w, r, a, v, http.StatusOK)
}

// grantRole and its kin do one thing to the account and return to the tab they came from.
func (p pages) grantRole(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "/roles", "identity.role_granted", func(r *http.Request, id string) (identity.Account, error) {
		return p.Identity.GrantRole(r.Context(), identity.GrantInput{ID: id, Role: r.PostForm.Get("role")})
	})
}

func (p pages) revokeRole(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "/roles", "identity.role_revoked", func(r *http.Request, id string) (identity.Account, error) {
		return p.Identity.RevokeRole(r.Context(), identity.GrantInput{ID: id, Role: r.PostForm.Get("role")})
	})
}

func (p pages) disableAccount(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "", "identity.account_disabled", func(r *http.Request, id string) (identity.Account, error) {
		return p.Identity.DisableAccount(r.Context(), identity.AccountRef{ID: id})
	})
}

func (p pages) enableAccount(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "", "identity.account_enabled", func(r *http.Request, id string) (identity.Account, error) {
		return p.Identity.EnableAccount(r.Context(), identity.AccountRef{ID: id})
	})
}

func (p pages) act(w http.ResponseWriter, r *http.Request, tab, done string, do func(*http.Request, string) (identity.Account, error)) error {
	var receipt op.Receipt
	a, err := do(r.WithContext(op.WithReceipt(r.Context(), &receipt)), r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.site.Done(w, r, accountsPath+"/"+a.ID+tab, receipt, done, "name", a.Name)
}

func (p pages) resetPassword(w http.ResponseWriter, r *http.Request) error {
	out, err := p.Identity.ResetPassword(r.Context(), identity.AccountRef{ID: r.PathValue("id")})
	if err != nil {
		return err
	}
	return p.showPassword(w, r, "identity.password_reset", out)
}

func (p pages) editAccount(w http.ResponseWriter, r *http.Request) error {
	return p.showEdit(w, r, nil)
}

func (p pages) showEdit(w http.ResponseWriter, r *http.Request, failure error) error {
	loc := i18n.From(r.Context())
	if !op.ActorFrom(r.Context()).Can(identity.PermAccountWrite) {
		return denied(r)
	}
	a, err := p.Identity.Account(r.Context(), identity.AccountRef{ID: r.PathValue("id")})
	if err != nil {
		return err
	}
	base := accountsPath + "/" + a.ID
	v := formView{
		Head: ui.PageHead{Title: loc.T("op.identity.account.update"), Number: a.Login},
		Form: ui.FormView{ID: "account-form", Action: base + "/edit", Submit: ui.ButtonView{Label: loc.T("ui.save")}, Cancel: base, TestID: "account-form",
			Hidden: []ui.Hidden{{Name: "version", Value: formatInt(a.Version)}}},
		Fields: []control{
			input(ui.Field{Name: "name", Label: loc.T("identity.name"), Value: a.Name, Required: true, MaxLen: 80}),
			input(ui.Field{Name: "unit", Label: loc.T("identity.unit"), Value: a.Unit, MaxLen: 80}),
		},
	}
	status := http.StatusOK
	if failure != nil {
		v.refill(r)
		if status = errs.Status(failure); !v.blame(r, failure) {
			return failure
		}
	}
	return p.site.Render(w, r, web.Page{
		Title: v.Head.Title, Crumbs: crumbs(loc, loc.T("identity.accounts"), accountsPath, a.Name, base, v.Head.Title, ""), Body: formPage(v), Status: status,
	})
}

func (p pages) updateAccount(w http.ResponseWriter, r *http.Request) error {
	a, err := p.Identity.UpdateAccount(r.Context(), identity.UpdateAccountInput{
		ID: r.PathValue("id"), Name: r.PostForm.Get("name"), Unit: r.PostForm.Get("unit"), Version: parseInt(r.PostForm.Get("version")),
	})
	if k := errs.KindOf(err); err != nil && (k == errs.Invalid || errors.Is(err, identity.ErrChanged)) {
		return p.showEdit(w, r, err)
	}
	if err != nil {
		return err
	}
	return p.site.Done(w, r, accountsPath+"/"+a.ID, op.Receipt{}, "identity.account_changed", "name", a.Name)
}

func (p pages) accountSessions(w http.ResponseWriter, r *http.Request) error {
	a, v, err := p.frame(r, "sessions")
	if err != nil {
		return err
	}
	loc := i18n.From(r.Context())
	list, err := p.Identity.Sessions(r.Context(), identity.AccountRef{ID: a.ID})
	if err != nil {
		return err
	}
	v.Table = ui.TableView{
		Caption: loc.T("identity.sessions"), TestID: "account-sessions",
		Columns: []ui.Column{{Label: loc.T("identity.device")}, {Label: loc.T("identity.addr")}, {Label: loc.T("identity.began"), Kind: ui.TimeColumn},
			{Label: loc.T("identity.seen"), Kind: ui.TimeColumn}, {Label: loc.T("identity.actions"), Kind: ui.ActionsColumn}},
		Empty: &ui.EmptyView{Icon: "devices", Title: loc.T("identity.no_sessions"), Text: loc.T("identity.no_sessions_text")},
	}
	for _, s := range list.Sessions {
		end := ui.Button(ui.ButtonView{Label: loc.T("identity.end_session"), Small: true, Post: accountsPath + "/" + a.ID + "/sessions/end",
			Fields: []ui.Hidden{{Name: "session", Value: s.ID}}, TestID: "end-session"})
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.TD{
			ui.Text(browserName(loc, s.Device)), ui.Text(dash(s.Addr)), ui.Component(ui.TimeAgo(s.CreatedAt)), ui.Component(ui.TimeAgo(s.SeenAt)), ui.Component(end),
		}})
	}
	return p.renderAccount(w, r, a, v, http.StatusOK)
}

func (p pages) endSession(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := p.Identity.EndSession(r.Context(), identity.SessionRef{ID: r.PostForm.Get("session"), AccountID: id}); err != nil {
		return err
	}
	return p.site.Done(w, r, accountsPath+"/"+id+"/sessions", op.Receipt{}, "identity.session_ended")
}

// historyLength is how many entries the history tab shows; the log has them all.
const historyLength = 50

func (p pages) accountHistory(w http.ResponseWriter, r *http.Request) error {
	a, v, err := p.frame(r, "history")
	if err != nil {
		return err
	}
	loc := i18n.From(r.Context())
	entries, err := p.Audit.Recent(r.Context(), a.Thing(), historyLength)
	if err != nil {
		return err
	}
	for _, e := range entries {
		who := e.Actor.Name
		if e.Actor.Kind == op.System {
			who = loc.T("identity.by_system", "part", who)
		}
		v.History = append(v.History, ui.TimelineItem{Time: e.At, Who: who, Text: loc.T("op." + e.Op), Note: e.Reason, Tone: ui.Info,
			Content: ui.Button(ui.ButtonView{Label: loc.T("ui.details"), Href: "/console/audit/" + e.ID, Small: true, Kind: ui.Ghost})})
	}
	v.Notices = append(v.Notices, ui.AlertView{Tone: ui.Info, Text: loc.T("identity.history_about", "n", historyLength),
		Action: &ui.ButtonView{Label: loc.T("identity.whole_history"), Href: "/console/audit/things/" + identity.ThingAccount + "/" + a.ID}})
	return p.renderAccount(w, r, a, v, http.StatusOK)
}

func (p pages) accountTokens(w http.ResponseWriter, r *http.Request) error {
	return p.showTokens(w, r, nil)
}

func (p pages) showTokens(w http.ResponseWriter, r *http.Request, failure error) error {
	a, v, err := p.frame(r, "tokens")
	if err != nil {
		return err
	}
	loc := i18n.From(r.Context())
	list, err := p.Identity.Tokens(r.Context(), identity.AccountRef{ID: a.ID})
	if err != nil {
		return err
	}
	v.Table = tokenTable(loc, a, list.Tokens, p.site.Clock.Now())
	if a.Kind != identity.Program { // nobody gets a token in another's name
		if failure != nil {
			return failure
		}
		return p.renderAccount(w, r, a, v, http.StatusOK)
	}
	v.Add = &formView{
		Head: ui.PageHead{Title: loc.T("op.identity.token.create"), Subtitle: loc.T("identity.token_about")},
		Form: ui.FormView{Action: accountsPath + "/" + a.ID + "/tokens", Submit: ui.ButtonView{Label: loc.T("op.identity.token.create")}, TestID: "token-form"},
		Fields: []control{
			input(ui.Field{Name: "name", Label: loc.T("identity.token_name"), Hint: loc.T("identity.token_name_hint"), Required: true, MaxLen: 80}),
			choice(ui.Field{Name: "life", Label: loc.T("identity.token_life"), Required: true, Options: options(loc, "identity.token_life.", "90", "30", "365", "0")}),
		},
	}
	status := http.StatusOK
	if failure != nil {
		v.Add.refill(r)
		if status = errs.Status(failure); !v.Add.blame(r, failure) {
			return failure
		}
	}
	return p.renderAccount(w, r, a, v, status)
}

func tokenTable(loc i18n.Locale, a identity.Account, list []identity.Token, now time.Time) ui.TableView {
	t := ui.TableView{
		Caption: loc.T("identity.tokens"), TestID: "account-tokens",
		Columns: []ui.Column{{Label: loc.T("identity.token_name")}, {Label: loc.T("identity.state")}, {Label: loc.T("identity.created_at"), Kind: ui.TimeColumn},
			{Label: loc.T("identity.expires_at"), Kind: ui.TimeColumn}, {Label: loc.T("identity.used_at"), Kind: ui.TimeColumn}, {Label: loc.T("identity.actions"), Kind: ui.ActionsColumn}},
		Empty: &ui.EmptyView{Icon: "key", Title: loc.T("identity.no_tokens"), Text: loc.T("identity.token_about")},
	}
	for _, k := range list {
		state, tone, action := "valid", ui.Success, ui.Component(ui.Button(ui.ButtonView{Label: loc.T("op.identity.token.revoke"), Small: true,
			Post: accountsPath + "/" + a.ID + "/tokens/revoke", Fields: []ui.Hidden{{Name: "token", Value: k.ID}}, TestID: "revoke-token"}))
		switch {
		case !k.RevokedAt.IsZero():
			state, tone, action = "revoked", ui.Neutral, ui.Text("")
		case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
			state, tone, action = "expired", ui.Neutral, ui.Text("")
		}
		expires := ui.Text(loc.T("identity.token_life.0"))
		if !k.ExpiresAt.IsZero() {
			expires = ui.Text(loc.DateTime(k.ExpiresAt))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.TD{
			ui.Text(k.Name), ui.StatusTD(loc.T("identity.token_state."+state), tone), ui.Text(loc.DateTime(k.CreatedAt)), expires,
			ui.Component(ui.TimeAgo(k.UsedAt)), action,
		}})
	}
	return t
}

func (p pages) createToken(w http.ResponseWriter, r *http.Request) error {
	loc, id := i18n.From(r.Context()), r.PathValue("id")
	out, err := p.Identity.CreateToken(r.Context(), identity.CreateTokenInput{
		AccountID: id, Name: r.PostForm.Get("name"), Life: time.Duration(parseInt(r.PostForm.Get("life"))) * 24 * time.Hour,
	})
	if errs.KindOf(err) == errs.Invalid && err != nil {
		return p.showTokens(w, r, err)
	}
	if err != nil {
		return err
	}
	v := ui.ResultView{
		Tone: ui.Success, Title: loc.T("identity.token_created", "name", out.Token.Name), Text: loc.T("identity.token_shown"), Number: out.Bearer,
		Actions: []ui.ButtonView{{Label: loc.T("identity.to_account"), Href: accountsPath + "/" + id + "/tokens", Kind: ui.Primary}},
	}
	return p.site.Render(w, r, web.Page{Title: v.Title, Crumbs: crumbs(loc, loc.T("identity.accounts"), accountsPath, out.Token.Name, ""), Body: secretPage(v)})
}

func (p pages) revokeToken(w http.ResponseWriter, r *http.Request) error {
	t, err := p.Identity.RevokeToken(r.Context(), identity.TokenRef{ID: r.PostForm.Get("token")})
	if err != nil {
		return err
	}
	return p.site.Done(w, r, accountsPath+"/"+t.AccountID+"/tokens", op.Receipt{}, "identity.token_revoked", "name", t.Name)
}
