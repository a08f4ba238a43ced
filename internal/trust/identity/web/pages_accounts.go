package web

import (
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/identity"
)

const accountsPath = "/console/identity/accounts"

// listView is a list in the console.
type listView struct {
	Head    ui.PageHead
	Tabs    []ui.Tab
	Notices []ui.AlertView
	Filter  *ui.FilterView
	Table   ui.TableView
	Pager   ui.PagerView
}

// parseList reads the filters of the address.
func parseList(r *http.Request) identity.ListAccountsInput {
	q := r.URL.Query()
	return identity.ListAccountsInput{
		Query: q.Get("q"), State: identity.State(q.Get("state")), Kind: identity.Kind(q.Get("kind")), Role: q.Get("role"),
		Sort: q.Get("sort"), Desc: q.Get("desc") == "1", Page: db.Page{Cursor: q.Get("cursor")},
	}
}

// address is the list's address with these filters; pairs set or, with an empty value, drop parameters.
func address(path string, in identity.ListAccountsInput, pairs ...string) string {
	q := url.Values{}
	set := func(name, value string) {
		if q.Del(name); value != "" {
			q.Set(name, value)
		}
	}
	set("q", in.Query)
	set("state", string(in.State))
	set("kind", string(in.Kind))
	set("role", in.Role)
	set("sort", in.Sort)
	if in.Desc {
		set("desc", "1")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		set(pairs[i], pairs[i+1])
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func (p pages) accounts(w http.ResponseWriter, r *http.Request) error {
	loc, in := i18n.From(r.Context()), parseList(r)
	list, err := p.Identity.ListAccounts(r.Context(), in)
	v := listView{
		Head: ui.PageHead{Title: loc.T("identity.accounts"), Subtitle: loc.T("identity.accounts_about")}, Filter: accountFilter(loc, in),
	}
	status := http.StatusOK
	if errs.KindOf(err) == errs.Invalid && err != nil { // a filter typed wrongly is told above the list
		texts, _ := web.FieldErrors(r, err)
		for _, t := range texts {
			v.Notices = append(v.Notices, ui.AlertView{Tone: ui.Danger, Text: t, Urgent: true})
		}
		status, err = http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return err
	}
	if list.Capped {
		v.Notices = append(v.Notices, ui.AlertView{Tone: ui.Info, Text: loc.T("identity.capped")})
	}
	actor := op.ActorFrom(r.Context())
	if actor.Can(identity.PermAccountWrite) {
		v.Head.Primary = &ui.ButtonView{Label: loc.T("identity.new_account"), Icon: "user-plus", Href: accountsPath + "/new", TestID: "new-account"}
	}
	v.Table = p.accountTable(loc, in, list.Accounts, actor.Can(identity.PermAccountWrite))
	if in.Page.Cursor != "" {
		v.Pager.First = address(accountsPath, in)
	}
	if list.Next != "" {
		v.Pager.Next = address(accountsPath, in, "cursor", list.Next)
	}
	return p.site.Render(w, r, web.Page{
		Title: v.Head.Title, Crumbs: crumbs(loc, v.Head.Title, ""), Body: listPage(v), Status: status, Live: []string{"identity.accounts"},
		HelpKey: "identity.accounts",
	})
}

func accountFilter(loc i18n.Locale, in identity.ListAccountsInput) *ui.FilterView {
	field := func(name, label, value string, options ...ui.Option) ui.Field {
		return ui.Field{Name: name, Label: loc.T(label), Value: value, Blank: loc.T("identity.any"), Options: options}
	}
	f := &ui.FilterView{
		Action: accountsPath, Query: in.Query, Placeholder: loc.T("identity.search_accounts"), Clear: accountsPath,
		Filters: []ui.Field{
			field("role", "identity.role", in.Role, roleOptions(loc)...),
			field("state", "identity.state", string(in.State), options(loc, "identity.state.", string(identity.Active), string(identity.Disabled))...),
			field("kind", "identity.kind", string(in.Kind), options(loc, "identity.kind.", string(identity.Person), string(identity.Program))...),
		},
		Export: &ui.ExportView{Href: address(accountsPath+"/export", in)},
	}
	for _, set := range []string{in.Query, in.Role, string(in.State), string(in.Kind)} {
		if set != "" {
			f.Applied++
		}
	}
	if in.Sort != "" {
		f.Keep = append(f.Keep, ui.Hidden{Name: "sort", Value: in.Sort})
	}
	if in.Desc {
		f.Keep = append(f.Keep, ui.Hidden{Name: "desc", Value: "1"})
	}
	return f
}

func options(loc i18n.Locale, prefix string, values ...string) []ui.Option {
	list := make([]ui.Option, len(values))
	for i, v := range values {
		list[i] = ui.Option{Value: v, Label: loc.T(prefix + v)}
	}
	return list
}

func roleOptions(loc i18n.Locale) []ui.Option {
	return options(loc, "identity.role.", identity.RoleIDs()...)
}

func (p pages) accountTable(loc i18n.Locale, in identity.ListAccountsInput, list []identity.Account, may bool) ui.TableView {
	column := func(label, sort string) ui.Column {
		c := ui.Column{Label: loc.T(label)}
		desc := ""
		if in.Sort == sort || in.Sort == "" && sort == "login" {
			if c.Sorted = "asc"; in.Desc {
				c.Sorted = "desc"
			} else {
				desc = "1"
			}
		}
		c.SortHref = address(accountsPath, in, "sort", sort, "desc", desc)
		return c
	}
	created := column("identity.created_at", "created")
	created.Kind, created.Minor = ui.TimeColumn, true
	t := ui.TableView{
		ID: "accounts", Caption: loc.T("identity.accounts"), Live: "identity.accounts", TestID: "accounts",
		Columns: []ui.Column{
			column("identity.name", "name"), column("identity.login", "login"), {Label: loc.T("identity.unit"), Minor: true},
			{Label: loc.T("identity.roles")}, {Label: loc.T("identity.state")}, created,
			{Label: loc.T("identity.signed_in_at"), Kind: ui.TimeColumn, Minor: true},
		},
		Empty: &ui.EmptyView{Icon: "users", Title: loc.T("identity.no_accounts"), Text: loc.T("identity.no_accounts_text")},
	}
	if may {
		t.Bulk = &ui.BulkView{Action: accountsPath + "/disable", Buttons: []ui.ButtonView{{Label: loc.T("op.identity.account.disable_many"), Icon: "user-off", TestID: "disable-many"}}}
	}
	for _, a := range list {
		t.Rows = append(t.Rows, ui.Row{ID: a.ID, Label: a.Name, Href: accountsPath + "/" + a.ID, Cells: []ui.TD{
			{Text: a.Name, Badge: kindBadge(loc, a)}, ui.Text(a.Login), ui.Text(dash(a.Unit)), ui.Text(dash(roleNames(loc, a.Roles))), stateTD(loc, a),
			ui.Component(ui.TimeAgo(a.CreatedAt)), ui.Component(ui.TimeAgo(a.SignedInAt)),
		}})
	}
	return t
}

func kindBadge(loc i18n.Locale, a identity.Account) *ui.BadgeView {
	if a.Kind != identity.Program {
		return nil
	}
	return &ui.BadgeView{Text: loc.T("identity.kind.service"), Icon: "robot"}
}

func stateTone(s identity.State) ui.Tone {
	if s == identity.Active {
		return ui.Success
	}
	return ui.Neutral
}

func stateTD(loc i18n.Locale, a identity.Account) ui.TD {
	return ui.StatusTD(loc.T("identity.state."+string(a.State)), stateTone(a.State))
}

func (p pages) exportAccounts(w http.ResponseWriter, r *http.Request) error {
	if err := web.CheckFormat(r); err != nil && op.ActorFrom(r.Context()).Can(identity.PermAccountRead) {
		return err // who may not export is refused by the operation, and recorded
	}
	loc, in := i18n.From(r.Context()), parseList(r)
	list, err := p.Identity.ExportAccounts(r.Context(), in)
	if err != nil {
		return err
	}
	var header []string
	for _, key := range []string{"login", "name", "kind", "unit", "roles", "state", "created_at", "signed_in_at"} {
		header = append(header, loc.T("identity."+key))
	}
	return p.site.Export(w, r, loc.T("identity.accounts"), header, accountRows(loc, list))
}

// accountRows are the lines of an export; the last one tells when there would be more.
func accountRows(loc i18n.Locale, list identity.AccountList) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, a := range list.Accounts {
			if !yield([]string{
				a.Login, a.Name, loc.T("identity.kind." + string(a.Kind)), a.Unit, roleNames(loc, a.Roles),
				loc.T("identity.state." + string(a.State)), loc.DateTime(a.CreatedAt), loc.DateTime(a.SignedInAt),
			}, nil) {
				return
			}
		}
		if list.Capped {
			yield([]string{loc.T("identity.export_cut", "n", len(list.Accounts)), "", "", "", "", "", "", ""}, nil)
		}
	}
}

func (p pages) disableAccounts(w http.ResponseWriter, r *http.Request) error {
	var receipt op.Receipt
	out, err := p.Identity.DisableAccounts(op.WithReceipt(r.Context(), &receipt), identity.AccountRefs{IDs: r.PostForm["id"]})
	if err != nil {
		return err
	}
	return p.site.Done(w, r, accountsPath, receipt, "identity.disabled_many", "n", strconv.Itoa(out.Disabled))
}

func (p pages) newAccount(w http.ResponseWriter, r *http.Request) error {
	if !op.ActorFrom(r.Context()).Can(identity.PermAccountWrite) {
		return denied(r)
	}
	return p.showNewAccount(w, r, nil)
}

// denied is the refusal of a page that reads nothing through an operation.
func denied(r *http.Request) error {
	if op.ActorFrom(r.Context()).Kind == op.Anonymous {
		return op.ErrSessionRequired
	}
	return op.ErrDenied
}

func (p pages) showNewAccount(w http.ResponseWriter, r *http.Request, failure error) error {
	loc := i18n.From(r.Context())
	v := formView{
		Head: ui.PageHead{Title: loc.T("identity.new_account")},
		Form: ui.FormView{ID: "account-form", Action: accountsPath, Submit: ui.ButtonView{Label: loc.T("op.identity.account.create")}, Cancel: accountsPath, TestID: "account-form"},
		Fields: []control{
			input(ui.Field{Name: "login", Label: loc.T("identity.login"), Hint: loc.T("identity.login_hint"), Required: true, MaxLen: 64}),
			input(ui.Field{Name: "name", Label: loc.T("identity.name"), Required: true, MaxLen: 80}),
			choice(ui.Field{Name: "kind", Label: loc.T("identity.kind"), Hint: loc.T("identity.kind_hint"), Required: true,
				Options: options(loc, "identity.kind.", string(identity.Person), string(identity.Program))}),
			input(ui.Field{Name: "unit", Label: loc.T("identity.unit"), MaxLen: 80}),
		},
		Notice: &ui.AlertView{Tone: ui.Info, Text: loc.T("identity.one_time_about")},
	}
	if op.ActorFrom(r.Context()).Can(identity.PermRoleGrant) {
		v.Fields = append(v.Fields, checks(ui.Field{Name: "roles", Label: loc.T("identity.roles"), Hint: loc.T("identity.roles_hint"), Options: roleOptions(loc)}))
	}
	status := http.StatusOK
	if failure != nil {
		v.refill(r)
		if status = errs.Status(failure); !v.blame(r, failure) {
			return failure
		}
	}
	return p.site.Render(w, r, web.Page{
		Title: v.Head.Title, Crumbs: crumbs(loc, loc.T("identity.accounts"), accountsPath, v.Head.Title, ""), Body: formPage(v), Status: status,
	})
}

func (p pages) createAccount(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	out, err := p.Identity.CreateAccount(r.Context(), identity.CreateAccountInput{
		Login: f.Get("login"), Name: f.Get("name"), Kind: identity.Kind(f.Get("kind")), Unit: f.Get("unit"), Roles: f["roles"],
	})
	if err != nil {
		if errs.KindOf(err) == errs.Denied {
			return err
		}
		return p.showNewAccount(w, r, err)
	}
	if out.Password == "" {
		return p.site.Done(w, r, accountsPath+"/"+out.Account.ID+"/tokens", op.Receipt{}, "identity.account_created", "name", out.Account.Name)
	}
	return p.showPassword(w, r, "identity.account_created", out)
}

// showPassword shows a one-time password, this once.
func (p pages) showPassword(w http.ResponseWriter, r *http.Request, title string, out identity.CreatedAccount) error {
	loc := i18n.From(r.Context())
	href := accountsPath + "/" + out.Account.ID
	v := ui.ResultView{
		Tone: ui.Success, Title: loc.T(title, "name", out.Account.Name), Text: loc.T("identity.one_time_shown", "login", out.Account.Login),
		Number: out.Password, Actions: []ui.ButtonView{{Label: loc.T("identity.to_account"), Href: href, Kind: ui.Primary}},
	}
	return p.site.Render(w, r, web.Page{
		Title: v.Title, Crumbs: crumbs(loc, loc.T("identity.accounts"), accountsPath, out.Account.Name, href), Body: secretPage(v),
	})
}
