package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// Page is one answer in HTML.
type Page struct {
	Title    string
	Crumbs   []ui.Crumb
	Body     templ.Component
	Fragment templ.Component // what an htmx request for a part of the page gets; nil: the whole body
	Status   int             // 200 when zero
	HelpKey  string
	Live     []string        // topics whose changes the page shows by itself
	Hero     templ.Component // the band at the top of a portal page
	face     ui.Face
}

// Render answers with the page in the layout of its face, or with its fragment alone when htmx asks for a part.
// Everything is rendered before the first byte is sent.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, p Page) error {
	w.Header().Set("Vary", "HX-Request-Type, Accept-Encoding")
	part := r.Header.Get("HX-Request-Type") == "partial"
	sh := s.shell(w, r, p)
	if !part && r.Method != http.MethodHead {
		sh.Flashes = s.takeFlash(w, r) // only where it is going to be seen
	}
	ctx := ui.WithShell(r.Context(), sh)
	body := p.Body
	switch {
	case !part:
		body = ui.Layout(ctx, p.Body)
	case p.Fragment != nil:
		body = p.Fragment
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	if err := body.Render(ctx, buf); err != nil {
		return fmt.Errorf("render %s: %w", exchangeOf(ctx).route, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	send(w, r, p.Status, buf.Bytes())
	return nil
}

func (s *Site) shell(w http.ResponseWriter, r *http.Request, p Page) *ui.Shell {
	ctx := r.Context()
	actor, x := op.ActorFrom(ctx), exchangeOf(ctx)
	face := p.face
	if face == "" {
		face, _ = ctx.Value(faceKey).(ui.Face)
	}
	sh := &ui.Shell{
		Face: face, Title: p.Title, Crumbs: p.Crumbs, Org: s.Org(ctx), Display: x.display,
		HelpKey: p.HelpKey, Path: r.URL.RequestURI(), Now: s.Clock.Now(), CSRF: s.csrfToken(w, r), Nonce: x.nonce,
		Requests: op.RequestFrom(ctx), SignIn: "/sign-in", SignOut: "/sign-out", Account: "/me", Hero: p.Hero, Links: s.links(i18n.From(ctx)),
	}
	if !safe(r.Method) {
		sh.Path = s.home(r) // a switch of display cannot repeat a form
	}
	if len(p.Live) > 0 {
		sh.Live = "/live?" + url.Values{"topic": p.Live}.Encode()
	}
	if actor.Kind != op.Anonymous {
		sh.User = &ui.User{Name: actor.Name, OnBehalf: actor.OnBehalfName}
	}
	sh.Groups, sh.Tabs = s.menus(i18n.From(ctx), actor, face, r.URL.Path)
	return sh
}

// menus returns what this actor may open on this face: as groups for the console and the portal, as tabs for the
// phone.
func (s *Site) menus(loc i18n.Locale, a op.Actor, face ui.Face, path string) ([]ui.NavGroup, []ui.NavItem) {
	var groups []ui.NavGroup
	var tabs []ui.NavItem
	current := s.currentHref(face, path)
	for _, m := range s.menu {
		if m.Face != face || (m.Permission != "" && !a.Can(m.Permission)) {
			continue
		}
		item := ui.NavItem{Label: loc.T(m.Label), Href: m.Href, Icon: m.Icon, Key: m.Key, Current: m.Href == current}
		tabs = append(tabs, item)
		label := ""
		if m.Group != "" {
			label = loc.T(m.Group)
		}
		i := slices.IndexFunc(groups, func(g ui.NavGroup) bool { return g.Label == label })
		if i < 0 {
			groups = append(groups, ui.NavGroup{Label: label})
			i = len(groups) - 1
		}
		groups[i].Items = append(groups[i].Items, item)
	}
	return groups, tabs
}

// links are the footer of every face.
func (s *Site) links(loc i18n.Locale) []ui.NavItem {
	items := make([]ui.NavItem, 0, len(s.footer))
	for _, m := range s.footer {
		items = append(items, ui.NavItem{Label: loc.T(m.Label), Href: m.Href, Icon: m.Icon})
	}
	return items
}

// currentHref is the menu entry the path lies under: the longest that is a prefix of it.
func (s *Site) currentHref(face ui.Face, path string) string {
	best := ""
	for _, m := range s.menu {
		under := path == m.Href || strings.HasPrefix(path, strings.TrimSuffix(m.Href, "/")+"/")
		if m.Face == face && under && len(m.Href) > len(best) {
			best = m.Href
		}
	}
	return best
}

// confirmPage shows what a serious operation is about to do and sends the same form again with the answer.
func (s *Site) confirmPage(r *http.Request, n *op.NeedsConfirmation) (Page, error) {
	loc := i18n.From(r.Context())
	title := loc.T("op." + n.Spec.Name)
	sealed, err := s.sealForm(r)
	if err != nil {
		return Page{}, err
	}
	view := ui.ConfirmView{
		Title: title, Lead: loc.TMap(n.Effect.Key, n.Effect.Value), Effects: shownNames(loc, n.Effect.Names),
		Typed: n.Effect.Type, Reversible: n.Spec.UndoFor > 0, UndoFor: loc.Duration(n.Spec.UndoFor),
		Form: ui.FormView{
			Action: r.URL.RequestURI(), Submit: ui.ButtonView{Label: title}, Cancel: pageBefore(r, s.home(r)),
			Hidden: []ui.Hidden{{Name: ui.FieldConfirmToken, Value: n.Token}, {Name: fieldSealed, Value: sealed}},
		},
	}
	if r.PostForm.Has(ui.FieldConfirmToken) {
		view.TypedError = loc.T("error." + errs.From(n).Code)
		view.Form.Message = view.TypedError
	}
	return Page{Title: title, Status: http.StatusPreconditionFailed, Body: ui.Confirm(view)}, nil
}

// shownNames are the first things concerned and how many more there are.
func shownNames(loc i18n.Locale, names []string) []string {
	const most = 20
	if len(names) <= most {
		return names
	}
	return append(slices.Clone(names[:most]), loc.T("web.and_more", "count", len(names)-most))
}
