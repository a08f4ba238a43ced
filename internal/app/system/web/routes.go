package web

import (
	"context"
	"io"
	"net/http"

	"github.com/a-h/templ"

	"tongban/internal/app/system"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/audit"
	"tongban/internal/trust/identity"
)

// Deps is what the pages need.
type Deps struct {
	System   *system.Service
	Identity *identity.Service
	Audit    *audit.Service
}

type pages struct {
	Deps
	site *web.Site
}

// Register puts the pages on the site.
func Register(site *web.Site, d Deps) {
	p := pages{Deps: d, site: site}
	site.Page("GET /console", ui.Console, p.overview)
	site.Page("GET /console/system/status", ui.Console, p.status)
	site.Page("GET /console/system/jobs", ui.Console, p.jobs)
	site.Page("GET /console/system/jobs/{id}", ui.Console, p.job)
	site.Page("POST /console/system/jobs/{id}/retry", ui.Console, p.retryJob)
	site.Page("POST /console/system/jobs/{id}/cancel", ui.Console, p.cancelJob)
	site.Page("GET /console/system/schedules", ui.Console, p.schedules)
	site.Page("POST /console/system/schedules/{kind}/run", ui.Console, p.runSchedule)
	site.Page("GET /console/system/events", ui.Console, p.events)
	site.Page("POST /console/system/events/retry", ui.Console, p.retryEvent)
	site.Page("POST /console/system/events/skip", ui.Console, p.skipEvent)
	site.Page("GET /console/system/calendar", ui.Console, p.calendar)
	site.Page("POST /console/system/calendar", ui.Console, p.setDay)
	site.Page("POST /console/system/calendar/remove", ui.Console, p.removeDay)
	site.Page("POST /console/system/calendar/import", ui.Console, p.importNotice)
	site.Page("GET /console/system/backups", ui.Console, p.backups)
	site.Page("GET /console/kit", ui.Console, p.kit(ui.KitPage))
	site.Page("GET /console/kit/phone", ui.Phone, p.kit(ui.KitPhonePage))
	site.Page("GET /console/kit/screen", ui.Screen, p.kit(ui.KitScreenPage))
	site.Menu(
		web.MenuItem{Face: ui.Console, Label: "system.overview", Href: "/console", Icon: "layout-dashboard", Permission: system.PermConsole, Key: "o"},
	)
}

// Menu adds the entries of the wing "system", which stands below those of the other rooms.
func Menu(site *web.Site) {
	item := func(label, href, icon string, perm op.Permission, key string) web.MenuItem {
		return web.MenuItem{Face: ui.Console, Group: "system.wing", Label: label, Href: href, Icon: icon, Permission: perm, Key: key}
	}
	site.Menu(
		item("system.calendar", "/console/system/calendar", "calendar", system.PermConsole, "c"),
		item("system.jobs", "/console/system/jobs", "subtask", system.PermStatus, "j"),
		item("system.schedules", "/console/system/schedules", "rotate-clockwise", system.PermStatus, ""),
		item("system.events", "/console/system/events", "timeline-event", system.PermEvents, "e"),
		item("system.backups", "/console/system/backups", "database-export", system.PermStatus, "b"),
		item("system.status", "/console/system/status", "heartbeat", system.PermStatus, "s"),
		item("system.kit", "/console/kit", "layout-grid", system.PermStatus, ""),
	)
}

// kit shows a part of the gallery of widgets to those who see the program's status.
func (p pages) kit(page func(context.Context) templ.Component) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := p.System.Status(r.Context(), op.None{}); err != nil {
			return err
		}
		loc := i18n.From(r.Context())
		return p.site.Render(w, r, web.Page{Title: loc.T("system.kit"), Crumbs: crumbs(loc, "system.kit"), Body: withShell(page)})
	}
}

// withShell puts off making a page until its shell is in the context.
func withShell(page func(context.Context) templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error { return page(ctx).Render(ctx, w) })
}

// crumbs lead from the front page to a page of this room.
func crumbs(loc i18n.Locale, key string) []ui.Crumb {
	return []ui.Crumb{{Label: loc.T("system.overview"), Href: "/console"}, {Label: loc.T(key)}}
}
