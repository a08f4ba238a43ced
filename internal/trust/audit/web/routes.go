package web

import (
	"tongban/internal/kernel/api"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/audit"
)

// Deps is what the pages need.
type Deps struct {
	Audit    *audit.Service
	Registry *op.Registry // names the operations to filter for
}

type pages struct {
	Deps
	site *web.Site
}

// auditPath is where the log is.
const auditPath = "/console/audit"

// Register puts the pages on the site and the operations into the API.
func Register(site *web.Site, a *api.API, d Deps) {
	p := pages{Deps: d, site: site}
	site.Page("GET /console/audit", ui.Console, p.search)
	site.Page("GET /console/audit/export", ui.Console, p.export)
	site.Page("GET /console/audit/{id}", ui.Console, p.entry)
	site.Page("GET /console/audit/things/{kind}/{id}", ui.Console, p.history)
	site.Menu(web.MenuItem{
		Face: ui.Console, Group: "audit.wing", Label: "audit.log", Href: auditPath, Icon: "logs", Permission: audit.PermRead, Key: "a",
	})
	registerAPI(a, d.Audit)
}

func crumbs(loc i18n.Locale, pairs ...string) []ui.Crumb {
	list := []ui.Crumb{{Label: loc.T("audit.wing")}}
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, ui.Crumb{Label: pairs[i], Href: pairs[i+1]})
	}
	return list
}
