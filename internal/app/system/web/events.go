package web

import (
	"net/http"

	"tongban/internal/app/system"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

type eventsView struct {
	Lag   ui.TableView
	Held  ui.TableView
	Pager ui.PagerView
}

func (p pages) events(w http.ResponseWriter, r *http.Request) error {
	loc, cursor := i18n.From(r.Context()), r.URL.Query().Get("cursor")
	held, err := p.System.ParkedEvents(r.Context(), db.Page{Cursor: cursor, Limit: pageSize})
	if err != nil {
		return err
	}
	v := eventsView{Held: heldTable(loc, held.Items), Pager: pager(r.URL, held.Next, cursor != "")}
	if op.ActorFrom(r.Context()).Can(system.PermStatus) {
		lags, err := p.System.Lag(r.Context(), op.None{})
		if err != nil {
			return err
		}
		v.Lag = lagTable(loc, lags)
	}
	return p.site.Render(w, r, web.Page{Title: loc.T("system.events"), Crumbs: crumbs(loc, "system.events"), HelpKey: "system.events", Body: eventsPage(v)})
}

func lagTable(loc i18n.Locale, lags []events.Lag) ui.TableView {
	t := ui.TableView{
		Caption: loc.T("system.subscriptions"),
		Columns: []ui.Column{
			{Label: loc.T("system.subscription")}, {Label: loc.T("system.behind"), Kind: ui.NumberColumn},
			{Label: loc.T("system.retrying"), Kind: ui.NumberColumn}, {Label: loc.T("system.parked"), Kind: ui.NumberColumn},
			{Label: loc.T("system.job_node"), Minor: true},
		},
		Empty: &ui.EmptyView{Icon: "timeline-event", Title: loc.T("system.subscriptions_none"), Text: loc.T("system.subscriptions_about")},
	}
	for _, l := range lags {
		row := ui.Row{Cells: []ui.TD{
			{Code: l.Subscription}, ui.Text(loc.Number(l.Behind)), ui.Text(loc.Number(l.Retrying)), ui.Text(loc.Number(l.Parked)), ui.Text(l.Node),
		}}
		if l.Parked > 0 {
			row.Tone = ui.Danger
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func heldTable(loc i18n.Locale, held []events.Held) ui.TableView {
	t := ui.TableView{
		Caption: loc.T("system.held"),
		Columns: []ui.Column{
			{Label: loc.T("system.subscription")}, {Label: loc.T("system.event")}, {Label: loc.T("system.job_state")},
			{Label: loc.T("system.job_error")}, {Label: loc.T("system.waiting_behind"), Kind: ui.NumberColumn},
			{Label: loc.T("system.actions"), Kind: ui.ActionsColumn},
		},
		Empty: &ui.EmptyView{Icon: "circle-check", Title: loc.T("system.held_none"), Text: loc.T("system.held_about")},
	}
	for _, h := range held {
		tone := ui.Warning
		if h.State == events.Parked {
			tone = ui.Danger
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.TD{
			{Code: h.Subscription}, {Code: h.Event.Type, Sub: h.Event.Subject},
			ui.StatusTD(loc.T("system.held_state."+string(h.State)), tone), ui.Text(h.Error), ui.Text(loc.Number(h.Behind)),
			ui.Component(ui.Actions(
				ui.ButtonView{Label: loc.T("system.retry"), Small: true, Post: "/console/system/events/retry", Fields: []ui.Hidden{
					{Name: "subscription", Value: h.Subscription}, {Name: "subject", Value: h.Event.Subject}}},
				ui.ButtonView{Label: loc.T("system.skip"), Small: true, Kind: ui.Dangerous, Post: "/console/system/events/skip", Fields: []ui.Hidden{
					{Name: "subscription", Value: h.Subscription}, {Name: "event", Value: h.Event.ID}}},
			)),
		}})
	}
	return t
}

func (p pages) retryEvent(w http.ResponseWriter, r *http.Request) error {
	in := system.RetryEventInput{Subscription: r.PostForm.Get("subscription"), Subject: r.PostForm.Get("subject")}
	if _, err := p.System.RetryEvent(r.Context(), in); err != nil {
		return err
	}
	return p.site.Done(w, r, "/console/system/events", op.Receipt{}, "system.event_retried")
}

func (p pages) skipEvent(w http.ResponseWriter, r *http.Request) error {
	in := system.SkipEventInput{Subscription: r.PostForm.Get("subscription"), Event: r.PostForm.Get("event")}
	if _, err := p.System.SkipEvent(r.Context(), in); err != nil {
		return err
	}
	return p.site.Done(w, r, "/console/system/events", op.Receipt{}, "system.event_skipped")
}
