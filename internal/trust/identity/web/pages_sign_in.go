package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/identity"
)

// deviceCookie holds the mark of a browser that has signed in before, for a year.
const deviceCookie = "device"

func (p pages) signInForm(w http.ResponseWriter, r *http.Request) error {
	if a := op.ActorFrom(r.Context()); a.Kind != op.Anonymous {
		http.Redirect(w, r, web.LocalPath(r.FormValue("next"), start(a)), http.StatusSeeOther)
		return nil
	}
	return p.showSignIn(w, r, nil)
}

// start is where a person begins: staff in the console, others on the portal.
func start(a op.Actor) string {
	if a.Can(permConsole) {
		return "/console"
	}
	return "/"
}

func (p pages) showSignIn(w http.ResponseWriter, r *http.Request, failure error) error {
	loc := i18n.From(r.Context())
	v := formView{
		Head: ui.PageHead{Title: loc.T("identity.sign_in")},
		Form: ui.FormView{
			Action: "/sign-in", Submit: ui.ButtonView{Label: loc.T("identity.sign_in"), TestID: "sign-in-submit"}, Autofill: true, TestID: "sign-in-form",
			Hidden: []ui.Hidden{{Name: "next", Value: web.LocalPath(r.FormValue("next"), "")}},
		},
		Fields: []control{
			input(ui.Field{Name: "login", Label: loc.T("identity.login"), Required: true, Unmarked: true, Autocomplete: "username", MaxLen: 64,
				Attrs: map[string]any{"autocapitalize": "none", "spellcheck": "false"}}),
			input(ui.Field{Name: "password", Label: loc.T("identity.password"), Type: "password", Required: true, Unmarked: true, Autocomplete: "current-password"}),
		},
	}
	status := http.StatusOK
	if failure != nil {
		v.refill(r)
		status = errs.Status(failure)
		if !v.blame(r, failure) {
			v.Form.Message = web.Message(loc, errs.From(failure))
		}
	}
	return p.site.Render(w, r, web.Page{Title: v.Head.Title, Body: plainFormPage(v), Status: status, HelpKey: "identity.sign_in"})
}

func (p pages) signIn(w http.ResponseWriter, r *http.Request) error {
	in := identity.SignInInput{Login: r.PostForm.Get("login"), Password: r.PostForm.Get("password")}
	in.Device = p.site.Cookie(r, deviceCookie)
	out, err := p.Identity.SignIn(r.Context(), in)
	switch errs.KindOf(err) {
	case errs.None:
		return p.enter(w, r, out)
	case errs.Invalid, errs.Denied, errs.Unavailable:
		if e := errs.From(err); errors.Is(err, identity.ErrSlowDown) {
			if seconds, ok := e.Params["seconds"].(int); ok {
				w.Header().Set("Retry-After", strconv.Itoa(seconds))
			}
		}
		return p.showSignIn(w, r, err)
	default:
		return err
	}
}

// enter gives the browser the new session and leads it on.
func (p pages) enter(w http.ResponseWriter, r *http.Request, out identity.SignedIn) error {
	p.site.SetSession(w, out.Secret)
	p.site.SetCookie(w, deviceCookie, out.Device, 365*24*time.Hour)
	actor, err := p.Identity.Authenticate(r.Context(), out.Secret)
	if err != nil {
		return err
	}
	if out.Account.MustChange {
		return p.site.Done(w, r, "/me/password", op.Receipt{}, "identity.change_first")
	}
	http.Redirect(w, r, web.LocalPath(r.PostForm.Get("next"), start(actor)), http.StatusSeeOther)
	return nil
}

func (p pages) signOut(w http.ResponseWriter, r *http.Request) error {
	p.site.ClearSession(w) // whatever happens to the session, this browser leaves
	_, err := p.Identity.SignOut(r.Context(), op.None{})
	if err != nil && !errors.Is(err, op.ErrSessionRequired) {
		return err
	}
	return p.site.Done(w, r, "/sign-in", op.Receipt{}, "identity.signed_out")
}

func (p pages) setupForm(w http.ResponseWriter, r *http.Request) error {
	lives, err := p.Identity.SetupLives(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	if !lives {
		return identity.ErrSetupOver
	}
	return p.showSetup(w, r, nil)
}

func (p pages) showSetup(w http.ResponseWriter, r *http.Request, failure error) error {
	loc := i18n.From(r.Context())
	field := func(name, complete string) ui.Field {
		return ui.Field{Name: name, Label: loc.T("identity." + name), Required: true, Autocomplete: complete}
	}
	organisation, login, name := field("organisation_name", "organization"), field("login", "username"), field("name", "name")
	organisation.Name, login.Hint = "organisation", loc.T("identity.login_hint")
	v := formView{
		Head:   ui.PageHead{Title: loc.T("identity.setup"), Subtitle: loc.T("identity.setup_about")},
		Form:   ui.FormView{Action: r.URL.Path, Submit: ui.ButtonView{Label: loc.T("identity.setup_finish"), TestID: "setup-submit"}, TestID: "setup-form"},
		Fields: append([]control{input(organisation), input(login), input(name)}, newPasswordFields(loc, "password")...),
	}
	status := http.StatusOK
	if failure != nil {
		v.refill(r)
		if status = errs.Status(failure); !v.blame(r, failure) {
			return failure
		}
	}
	return p.site.Render(w, r, web.Page{Title: v.Head.Title, Body: plainFormPage(v), Status: status})
}

// newPasswordFields ask for a new password twice.
func newPasswordFields(loc i18n.Locale, name string) []control {
	return []control{
		input(ui.Field{Name: name, Label: loc.T("identity.new_password"), Hint: loc.T("identity.password_hint"), Type: "password", Required: true, Autocomplete: "new-password"}),
		input(ui.Field{Name: "again", Label: loc.T("identity.password_again"), Type: "password", Required: true, Autocomplete: "new-password"}),
	}
}

// errMismatch blames the second of two passwords that should be the same.
func errMismatch(r *http.Request, first string) error {
	if r.PostForm.Get(first) == r.PostForm.Get("again") {
		return nil
	}
	return errs.InvalidFields(errs.Field{Name: "again", Code: "identity.password_mismatch"})
}

func (p pages) setup(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	in := identity.FinishSetupInput{
		Token: r.PathValue("token"), Organisation: f.Get("organisation"), Login: f.Get("login"), Name: f.Get("name"), Password: f.Get("password"),
	}
	err := errMismatch(r, "password")
	if err == nil {
		_, err = p.Identity.FinishSetup(r.Context(), in)
	}
	if errors.Is(err, identity.ErrSetupOver) {
		return err
	}
	if err != nil {
		return p.showSetup(w, r, err)
	}
	out, err := p.Identity.SignIn(r.Context(), identity.SignInInput{Login: in.Login, Password: in.Password})
	if err != nil {
		return err
	}
	return p.enter(w, r, out)
}
