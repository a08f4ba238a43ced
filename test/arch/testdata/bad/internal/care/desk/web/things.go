// Package web has a file with a name of its own, a template that is too long, and words and icons that nobody knows.
package web

import (
	"net/http"

	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

func (p pages) close(w http.ResponseWriter, r *http.Request) error {
	p.site.Menu(web.MenuItem{Label: "desk.label", Group: "desk.group", Icon: "no-icon"})
	p.show(op.Effect{Key: "desk.effect"}, []op.Thing{{Kind: "desk.thing"}, {Kind: "desk.known"}})
	p.show(web.Page{HelpKey: "desk.page", Body: ui.Icon("no-body")})
	p.show(ui.Icon("home"), ui.CardView{Icon: "user"})
	return p.site.Done(w, r, "/", op.Receipt{}, "desk.done", "n", 1)
}
