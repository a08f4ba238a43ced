package web

import (
	"context"
	"net/http"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// Routes returns the pages.
func Routes(ctx context.Context, l i18n.Locale, kind string) string {
	return ui.T(ctx, "identity.accounts", "n", 2) + l.T("identity.accounts", "n", 1) + l.T("identity.kind_"+kind, "n", 3)
}

func (p pages) move(w http.ResponseWriter, r *http.Request, group, icon string) error {
	p.site.Menu(web.MenuItem{Label: "identity.accounts", Group: group, Icon: icon}, web.MenuItem{Label: "identity.wing", Icon: "home-2"})
	p.show(op.Thing{Kind: group}, web.Page{HelpKey: "identity.accounts", Body: ui.Icon("user")}, ui.CardView{Icon: ""})
	return p.site.Done(w, r, "/", op.Receipt{}, "identity.accounts", "n", 1)
}
