package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/identity"
)

// meView is a person's own page.
type meView struct {
	Facts    []ui.CellView
	Links    []ui.CellView
	SignOut  ui.ButtonView
	MustDo   *ui.AlertView
	FactsTip string
}

func roleNames(loc i18n.Locale, roles []string) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = loc.T("identity.role." + r)
	}
	return strings.Join(names, loc.T("identity.list_join"))
}

func (p pages) me(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	a, err := p.Identity.Profile(r.Context(), op.None{})
	if err != nil {
		return err
	}
	sessions, err := p.Identity.OwnSessions(r.Context(), op.None{})
	if err != nil {
		return err
	}
	v := meView{
		FactsTip: loc.T("identity.me_tip"),
		Facts: []ui.CellView{
			{Icon: "user", Title: loc.T("identity.name"), Value: a.Name}, {Icon: "id", Title: loc.T("identity.login"), Value: a.Login},
			{Icon: "building", Title: loc.T("identity.unit"), Value: dash(a.Unit)},
			{Icon: "user-shield", Title: loc.T("identity.roles"), Value: dash(roleNames(loc, a.Roles))},
			{Icon: "clock", Title: loc.T("identity.signed_in_at"), Value: loc.DateTime(a.SignedInAt)},
		},
		Links: []ui.CellView{
			{Icon: "lock", Title: loc.T("identity.change_password"), Href: "/me/password", TestID: "me-password"},
			{Icon: "devices", Title: loc.T("identity.sessions"), Href: "/me/sessions", Value: strconv.Itoa(len(sessions.Sessions)), TestID: "me-sessions"},
			{Icon: "adjustments", Title: loc.T("identity.display"), Href: "/me/display", TestID: "me-display"},
		},
		SignOut: ui.ButtonView{Label: loc.T("identity.sign_out"), Icon: "logout", Post: "/sign-out", TestID: "me-sign-out"},
	}
	if a.MustChange {
		v.MustDo = &ui.AlertView{Tone: ui.Warning, Text: loc.T("identity.change_first")}
	}
	return p.site.Render(w, r, web.Page{Title: loc.T("identity.me"), Body: mePage(v), HelpKey: "identity.me"})
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (p pages) passwordForm(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.Identity.Profile(r.Context(), op.None{}); err != nil {
		return err
	}
	return p.showPasswordForm(w, r, nil)
}

func (p pages) showPasswordForm(w http.ResponseWriter, r *http.Request, failure error) error {
	loc := i18n.From(r.Context())
	v := formView{
		Form: ui.FormView{Action: "/me/password", Submit: ui.ButtonView{Label: loc.T("identity.change_password"), TestID: "password-submit"}, TestID: "password-form"},
		Fields: append([]control{input(ui.Field{Name: "current", Label: loc.T("identity.current_password"), Type: "password", Required: true,
			Autocomplete: "current-password"})}, newPasswordFields(loc, "new")...),
	}
	v.Fields, v.Tips = onPhone(v.Fields), loc.T("identity.password_hint")
	for i := range v.Fields { // a phone is narrow, and all three have to be filled in
		v.Fields[i].Unmarked, v.Fields[i].Hint, v.Fields[i].Placeholder = true, "", loc.T("identity.type_here")
	}
	status := http.StatusOK
	if failure != nil {
		if status = errs.Status(failure); !v.blame(r, failure) {
			return failure
		}
	}
	return p.site.Render(w, r, web.Page{
		Title: loc.T("identity.change_password"), Crumbs: meCrumbs(loc, "identity.change_password"), Body: phoneFormPage(v), Status: status,
		HelpKey: "identity.password",
	})
}

func meCrumbs(loc i18n.Locale, key string) []ui.Crumb {
	return []ui.Crumb{{Label: loc.T("identity.me"), Href: "/me"}, {Label: loc.T(key)}}
}

func (p pages) changePassword(w http.ResponseWriter, r *http.Request) error {
	err := errMismatch(r, "new")
	if err == nil {
		_, err = p.Identity.ChangePassword(r.Context(), identity.ChangePasswordInput{Current: r.PostForm.Get("current"), New: r.PostForm.Get("new")})
	}
	if errors.Is(err, op.ErrSessionRequired) {
		return err
	}
	if err != nil {
		return p.showPasswordForm(w, r, err)
	}
	return p.site.Done(w, r, "/me", op.Receipt{}, "identity.password_changed")
}

// sessionCell is one session on the phone.
type sessionCell struct {
	Cell ui.CellView
	End  *ui.ButtonView
}

func (p pages) mySessions(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	list, err := p.Identity.OwnSessions(r.Context(), op.None{})
	if err != nil {
		return err
	}
	var cells []sessionCell
	for _, s := range list.Sessions {
		c := sessionCell{Cell: ui.CellView{
			Icon: deviceIcon(s.Device), Title: browserName(loc, s.Device), Desc: loc.T("identity.session_line", "addr", dash(s.Addr), "seen", loc.Relative(s.SeenAt, p.site.Clock.Now())),
		}}
		if s.Current {
			c.Cell.Status = &ui.StatusView{Text: loc.T("identity.this_session"), Tone: ui.Success}
		} else {
			c.End = &ui.ButtonView{Label: loc.T("identity.end_session"), Small: true, Post: "/me/sessions/" + s.ID + "/end", TestID: "end-session"}
		}
		cells = append(cells, c)
	}
	return p.site.Render(w, r, web.Page{
		Title: loc.T("identity.sessions"), Crumbs: meCrumbs(loc, "identity.sessions"), Body: mySessionsPage(cells),
	})
}

func (p pages) endMySession(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.Identity.EndOwnSession(r.Context(), identity.SessionRef{ID: r.PathValue("id")}); err != nil {
		return err
	}
	return p.site.Done(w, r, "/me/sessions", op.Receipt{}, "identity.session_ended")
}

func (p pages) display(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	if _, err := p.Identity.Profile(r.Context(), op.None{}); err != nil {
		return err
	}
	return p.site.Render(w, r, web.Page{Title: loc.T("identity.display"), Crumbs: meCrumbs(loc, "identity.display"), Body: displayPage()})
}

// displayForm asks how this browser wants to see pages, starting from how it sees them now.
func displayForm(ctx context.Context) formView {
	loc, d := i18n.From(ctx), ui.ShellFrom(ctx).Display
	field := func(name, label, now, prefix string, values ...string) control {
		f := ui.Field{Name: name, Label: loc.T(label), Required: true, Unmarked: true}
		for _, v := range values {
			f.Options = append(f.Options, ui.Option{Value: v, Label: loc.T(prefix + v), Selected: v == now})
		}
		return choice(f)
	}
	return formView{
		Form: ui.FormView{Action: "/display", Hidden: []ui.Hidden{{Name: "return", Value: "/me"}}, Submit: ui.ButtonView{Label: loc.T("ui.save")}, TestID: "display-form"},
		Fields: onPhone([]control{
			field("lang", "identity.language", loc.Lang(), "identity.language.", i18n.Languages()...),
			field("theme", "ui.theme", d.Theme, "ui.theme_", "auto", "light", "dark"),
			field("large", "ui.large_type", bit(d.Large), "identity.switch.", "0", "1"),
			field("contrast", "ui.high_contrast", bit(d.Contrast), "identity.switch.", "0", "1"),
		}),
	}
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// browserName says in a few words what a session's browser is; the whole of what it calls itself when unknown.
func browserName(loc i18n.Locale, agent string) string {
	if agent == "" {
		return loc.T("identity.unknown_device")
	}
	browser, system := "", ""
	for _, b := range [][2]string{{"MicroMessenger", "WeChat"}, {"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if browser == "" && strings.Contains(agent, b[0]) {
			browser = b[1]
		}
	}
	for _, s := range [][2]string{{"HarmonyOS", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}} {
		if system == "" && strings.Contains(agent, s[0]) {
			system = s[1]
		}
	}
	if browser == "" || system == "" {
		return agent
	}
	return browser + " · " + system
}

func deviceIcon(agent string) string {
	if strings.Contains(agent, "Mobile") || strings.Contains(agent, "iPhone") || strings.Contains(agent, "Android") {
		return "device-mobile"
	}
	return "device-desktop"
}
