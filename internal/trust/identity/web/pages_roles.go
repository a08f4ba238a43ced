package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/identity"
)

const rolesPath = "/console/identity/roles"

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// parseInt returns 0 for what is no number.
func parseInt(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func roleTabs(loc i18n.Locale, matrix bool) []ui.Tab {
	return []ui.Tab{
		{Label: loc.T("identity.roles"), Href: rolesPath, Current: !matrix},
		{Label: loc.T("identity.matrix"), Href: rolesPath + "/matrix", Current: matrix},
	}
}

func (p pages) roles(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	list, err := p.Identity.Roles(r.Context(), op.None{})
	if err != nil {
		return err
	}
	v := listView{
		Head: ui.PageHead{Title: loc.T("identity.roles"), Subtitle: loc.T("identity.roles_about")}, Tabs: roleTabs(loc, false),
		Table: ui.TableView{
			Caption: loc.T("identity.roles"), TestID: "roles",
			Columns: []ui.Column{{Label: loc.T("identity.role")}, {Label: loc.T("identity.permissions"), Kind: ui.NumberColumn},
				{Label: loc.T("identity.holders"), Kind: ui.NumberColumn}, {Label: loc.T("identity.state")}},
		},
	}
	for _, role := range list.Roles {
		state := ui.StatusTD(loc.T("identity.built_in"), ui.Neutral)
		if role.Changed {
			state = ui.StatusTD(loc.T("identity.adapted"), ui.Info)
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{ID: role.ID, Href: rolesPath + "/" + role.ID, Cells: []ui.TD{
			{Text: loc.T("identity.role." + role.ID), Sub: loc.T("identity.role_about." + role.ID)}, ui.Text(strconv.Itoa(len(role.Permissions))),
			{Text: formatInt(role.Holders), Href: accountsPath + "?role=" + role.ID}, state,
		}})
	}
	return p.site.Render(w, r, web.Page{Title: v.Head.Title, Crumbs: crumbs(loc, v.Head.Title, ""), Body: listPage(v), HelpKey: "identity.roles"})
}

// matrix shows all permissions of the program, what each opens, and the roles that hold it. Roles stand in one
// column, because one for each would fit no screen.
func (p pages) matrix(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	list, err := p.Identity.Roles(r.Context(), op.None{})
	if err != nil {
		return err
	}
	v := listView{
		Head: ui.PageHead{Title: loc.T("identity.matrix"), Subtitle: loc.T("identity.matrix_about")}, Tabs: roleTabs(loc, true),
		Table: ui.TableView{Caption: loc.T("identity.matrix"), TestID: "matrix", Columns: []ui.Column{
			{Label: loc.T("identity.permission")}, {Label: loc.T("identity.opens")}, {Label: loc.T("identity.held_by")},
		}},
	}
	all := p.Registry.Permissions()
	for _, perm := range slices.Sorted(maps.Keys(all)) {
		var held []string
		for _, role := range list.Roles {
			if slices.Contains(role.Permissions, perm) {
				held = append(held, role.ID)
			}
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{ID: string(perm), Cells: []ui.TD{
			{Text: loc.T("perm." + string(perm)), Code: string(perm)}, ui.Text(opened(loc, all[perm])), ui.Text(dash(roleNames(loc, held))),
		}})
	}
	return p.site.Render(w, r, web.Page{Title: v.Head.Title, Crumbs: crumbs(loc, loc.T("identity.roles"), rolesPath, v.Head.Title, ""), Body: listPage(v)})
}

// opened names the operations a permission opens.
func opened(loc i18n.Locale, specs []*op.Spec) string {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = loc.T("op." + s.Name)
	}
	return strings.Join(names, loc.T("identity.list_join"))
}

// roleView is what one role may do, by module.
type roleView struct {
	Head     ui.PageHead
	Notices  []ui.AlertView
	Form     ui.FormView
	Groups   []ui.Field
	Editable bool
}

func (p pages) role(w http.ResponseWriter, r *http.Request) error { return p.showRole(w, r, nil) }

func (p pages) showRole(w http.ResponseWriter, r *http.Request, failure error) error {
	loc := i18n.From(r.Context())
	role, err := p.Identity.Role(r.Context(), identity.RoleRef{ID: r.PathValue("id")})
	if err != nil {
		return err
	}
	name := loc.T("identity.role." + role.ID)
	v := roleView{
		Head:     ui.PageHead{Title: name, Subtitle: loc.T("identity.role_about." + role.ID)},
		Editable: op.ActorFrom(r.Context()).Can(identity.PermRoleWrite),
		Form: ui.FormView{ID: "role-form", Action: rolesPath + "/" + role.ID, Submit: ui.ButtonView{Label: loc.T("ui.save")}, Cancel: rolesPath, TestID: "role-form",
			Hidden: []ui.Hidden{{Name: "version", Value: formatInt(role.Version)}}},
		Notices: []ui.AlertView{{Tone: ui.Info, Text: loc.T("identity.role_effect", "n", role.Holders)}},
	}
	chosen, status := role.Permissions, http.StatusOK
	if failure != nil {
		status, chosen = errs.Status(failure), permissionsOf(r)
		v.Form.Message = web.Message(loc, errs.From(failure))
	}
	v.Groups = p.permissionFields(loc, role.ID, chosen, v.Editable)
	return p.site.Render(w, r, web.Page{
		Title: name, Crumbs: crumbs(loc, loc.T("identity.roles"), rolesPath, name, ""), Body: rolePage(v), Status: status,
	})
}

func permissionsOf(r *http.Request) []op.Permission {
	var list []op.Permission
	for _, s := range r.PostForm["permissions"] {
		list = append(list, op.Permission(s))
	}
	return list
}

// permissionFields are the check boxes of all permissions this role may hold, a set for each module. They come
// from the operations of the program, each with what it opens.
func (p pages) permissionFields(loc i18n.Locale, role string, chosen []op.Permission, editable bool) []ui.Field {
	all := p.Registry.Permissions()
	var fields []ui.Field
	for _, perm := range slices.Sorted(maps.Keys(all)) {
		if !p.Identity.Assignable(role, perm) {
			continue
		}
		module, _, _ := strings.Cut(string(perm), ".")
		id := "permissions-" + module
		if len(fields) == 0 || fields[len(fields)-1].ID != id {
			fields = append(fields, ui.Field{Name: "permissions", ID: id, Label: moduleName(loc, module), Unmarked: true, Disabled: !editable})
		}
		f := &fields[len(fields)-1]
		f.Options = append(f.Options, ui.Option{
			Value: string(perm), Label: loc.T("perm." + string(perm)), Hint: opened(loc, all[perm]),
			Selected: slices.Contains(chosen, perm),
		})
	}
	return fields
}

// moduleName is the name of a room, or its id for one that has not given its name.
func moduleName(loc i18n.Locale, module string) string {
	if key := "module." + module; loc.Has(key) {
		return loc.T(key)
	}
	return module
}

func (p pages) updateRole(w http.ResponseWriter, r *http.Request) error {
	var receipt op.Receipt
	role, err := p.Identity.UpdateRole(op.WithReceipt(r.Context(), &receipt), identity.UpdateRoleInput{
		ID: r.PathValue("id"), Permissions: permissionsOf(r), Version: parseInt(r.PostForm.Get("version")),
	})
	if k := errs.KindOf(err); err != nil && (k == errs.Conflict || k == errs.Invalid) && !errors.Is(err, identity.ErrRoleNotFound) {
		return p.showRole(w, r, err)
	}
	if err != nil {
		return err
	}
	return p.site.Done(w, r, rolesPath+"/"+role.ID, receipt, "identity.role_changed", "n", len(role.Permissions))
}

func (p pages) organisation(w http.ResponseWriter, r *http.Request) error {
	return p.showOrganisation(w, r, nil)
}

func (p pages) showOrganisation(w http.ResponseWriter, r *http.Request, failure error) error {
	loc := i18n.From(r.Context())
	if !op.ActorFrom(r.Context()).Can(identity.PermOrganisationWrite) {
		return denied(r)
	}
	o, err := p.Identity.Organisation(r.Context(), op.None{})
	if err != nil {
		return err
	}
	field := func(name, value string) ui.Field {
		return ui.Field{Name: name, Label: loc.T("identity." + name), Value: value}
	}
	name := field("name", o.Name)
	name.Label, name.Required, name.MaxLen = loc.T("identity.organisation_name"), true, 80
	intro, language, zone := field("intro", o.Intro), field("language", o.Language), field("zone", o.Zone)
	language.Options, language.Required = options(loc, "identity.language.", i18n.Languages()...), true
	zone.Hint, zone.Required = loc.T("identity.zone_hint"), true
	v := formView{
		Head: ui.PageHead{Title: loc.T("identity.organisation"), Subtitle: loc.T("identity.organisation_about")},
		Form: ui.FormView{ID: "organisation-form", Action: "/console/identity/organisation", Submit: ui.ButtonView{Label: loc.T("ui.save")}, TestID: "organisation-form",
			Hidden: []ui.Hidden{{Name: "version", Value: formatInt(o.Version)}}},
		Fields: []control{input(name), textarea(intro), input(field("phone", o.Phone)), input(field("email", o.Email)), input(field("address", o.Address)), choice(language), input(zone)},
	}
	status := http.StatusOK
	if failure != nil {
		v.refill(r)
		if status = errs.Status(failure); !v.blame(r, failure) {
			return failure
		}
	}
	return p.site.Render(w, r, web.Page{Title: v.Head.Title, Crumbs: crumbs(loc, v.Head.Title, ""), Body: formPage(v), Status: status})
}

func (p pages) updateOrganisation(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	_, err := p.Identity.UpdateOrganisation(r.Context(), identity.UpdateOrganisationInput{
		Name: f.Get("name"), Intro: f.Get("intro"), Phone: f.Get("phone"), Email: f.Get("email"), Address: f.Get("address"),
		Language: f.Get("language"), Zone: f.Get("zone"), Version: parseInt(f.Get("version")),
	})
	if k := errs.KindOf(err); err != nil && (k == errs.Conflict || k == errs.Invalid) {
		return p.showOrganisation(w, r, err)
	}
	if err != nil {
		return err
	}
	return p.site.Done(w, r, "/console/identity/organisation", op.Receipt{}, "identity.organisation_changed")
}
