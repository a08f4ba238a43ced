package web

import (
	"net/http"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/serve/portal"
)

// Deps is what the pages need.
type Deps struct {
	Portal  *portal.Service
	Console op.Permission // who is offered the way to the console
}

type pages struct {
	Deps
	site *web.Site
}

// Register puts the portal's pages on the site.
func Register(site *web.Site, d Deps) {
	p := pages{Deps: d, site: site}
	site.Page("GET /{$}", ui.Portal, p.home)
	site.Page("GET /help", ui.Portal, p.help)
	site.Page("GET /help/{key}", ui.Portal, p.article)
	site.Page("GET /accessibility", ui.Portal, p.accessibility)
	site.Menu(
		web.MenuItem{Face: ui.Portal, Label: "portal.home", Href: "/", Icon: "home"},
		web.MenuItem{Face: ui.Portal, Label: "portal.help", Href: "/help", Icon: "help-circle"},
		web.MenuItem{Face: ui.Portal, Label: "portal.accessibility", Href: "/accessibility", Icon: "accessible"},
	)
	site.Footer(
		web.MenuItem{Label: "portal.help", Href: "/help"},
		web.MenuItem{Label: "portal.accessibility", Href: "/accessibility"},
	)
}

func (p pages) home(w http.ResponseWriter, r *http.Request) error {
	h, err := p.Portal.Home(r.Context(), op.None{})
	if err != nil {
		return err
	}
	v := newHomeView(i18n.From(r.Context()), h, op.ActorFrom(r.Context()), p.Console)
	return p.site.Render(w, r, web.Page{Title: i18n.From(r.Context()).T("portal.home"), Hero: ui.Hero(v.Hero), Body: homePage(v)})
}

func (p pages) help(w http.ResponseWriter, r *http.Request) error {
	return p.text(w, r, "portal.help", "", "sign_in", "password", "safety", "undo", "lost")
}

// article is the help for one page of the program, by the page's key.
func (p pages) article(w http.ResponseWriter, r *http.Request) error {
	loc, key := i18n.From(r.Context()), "help."+r.PathValue("key")
	if !loc.Has(key + ".title") {
		return web.ErrNoPage
	}
	v := textView{Title: loc.T(key + ".title"), Topics: []topic{{ID: "text", Text: loc.T(key + ".text")}}}
	return p.site.Render(w, r, web.Page{Title: v.Title, Body: textPage(v), Crumbs: []ui.Crumb{
		{Label: loc.T("portal.home"), Href: "/"}, {Label: loc.T("portal.help"), Href: "/help"}, {Label: v.Title},
	}})
}

func (p pages) accessibility(w http.ResponseWriter, r *http.Request) error {
	return p.text(w, r, "portal.accessibility", "portal.access_intro", "large", "contrast", "keyboard", "reader", "noscript")
}

// text shows a page of questions and answers, whose words are translations with one prefix.
func (p pages) text(w http.ResponseWriter, r *http.Request, title, intro string, topics ...string) error {
	loc := i18n.From(r.Context())
	prefix := map[string]string{"portal.help": "portal.help_", "portal.accessibility": "portal.access_"}[title]
	v := textView{Title: loc.T(title)}
	if intro != "" {
		v.Intro, v.Outro = loc.T(intro), loc.T("portal.access_contact")
	}
	for _, t := range topics {
		v.Topics = append(v.Topics, topic{ID: t, Title: loc.T(prefix + t), Text: loc.T(prefix + t + "_text")})
	}
	return p.site.Render(w, r, web.Page{
		Title: v.Title, Crumbs: []ui.Crumb{{Label: loc.T("portal.home"), Href: "/"}, {Label: v.Title}}, Body: textPage(v),
	})
}
