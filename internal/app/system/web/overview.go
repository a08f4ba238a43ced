package web

import (
	"context"
	"net/http"

	"tongban/internal/app/system"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/audit"
	"tongban/internal/trust/identity"
)

// overviewView is the front page of the console: what needs attention, then the figures of the day and the
// working day. A reader sees the parts they have the right to.
type overviewView struct {
	Title, Subtitle string
	Attention       []ui.AlertView
	Stats           []ui.StatView
	Day             []ui.Desc
	Program         []ui.Desc // how the program is doing
	Rooms           []ui.TileView
}

func (p pages) overview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	loc, actor := i18n.From(ctx), op.ActorFrom(ctx)
	today, err := p.System.Today(ctx, op.None{})
	if err != nil {
		return err
	}
	v := overviewView{Title: loc.T("system.hello", "name", actor.Name), Subtitle: loc.Date(today.Now), Day: dayFacts(loc, today)}
	if today.MissedYear != 0 && actor.Can(system.PermCalendar) {
		v.Attention = append(v.Attention, ui.AlertView{Tone: ui.Warning, Text: loc.T("clock.missing_year", "year", today.MissedYear),
			Action: &ui.ButtonView{Label: loc.T("system.calendar"), Href: "/console/system/calendar"}})
	}
	for _, part := range []func(context.Context, system.Today, *overviewView) error{p.accountFigures, p.auditFigures, p.workFigures} {
		if err := part(ctx, today, &v); err != nil {
			return err
		}
	}
	v.Rooms = p.rooms(loc, actor)
	return p.site.Render(w, r, web.Page{Title: loc.T("system.overview"), HelpKey: "system.overview", Body: overviewPage(v), Live: p.watched(actor)})
}

// watched are the topics that move the front page, of those this reader may watch.
func (p pages) watched(a op.Actor) []string {
	if a.Can(identity.PermAccountRead) {
		return []string{"identity.accounts"}
	}
	return nil
}

func dayFacts(loc i18n.Locale, t system.Today) []ui.Desc {
	day := loc.T("system.workday")
	if !t.Workday {
		day = loc.T("system.day_off")
	}
	if t.Holiday != "" {
		day = loc.T("system.holiday_day", "day", day, "holiday", t.Holiday)
	}
	state, next := loc.T("system.open"), loc.T("system.until_evening")
	if !t.Open {
		state, next = loc.T("system.closed"), loc.DateTime(t.OpenNext)
	}
	return []ui.Desc{
		{Term: loc.T("system.day_kind"), Text: day},
		{Term: loc.T("system.service_state"), Text: state},
		{Term: loc.T("system.service_next"), Text: next},
	}
}

func (p pages) accountFigures(ctx context.Context, today system.Today, v *overviewView) error {
	if !op.ActorFrom(ctx).Can(identity.PermAccountRead) {
		return nil
	}
	loc := i18n.From(ctx)
	o, err := p.Identity.Overview(ctx, identity.OverviewInput{Day: today.DayBegan})
	if err != nil {
		return err
	}
	v.Stats = append(v.Stats,
		ui.StatView{Label: loc.T("system.stat_accounts"), Value: loc.Number(o.Accounts), Icon: "users", Href: "/console/identity/accounts",
			Note: loc.T("system.stat_disabled", "count", loc.Number(o.Disabled))},
		ui.StatView{Label: loc.T("system.stat_sessions"), Value: loc.Number(o.Sessions), Icon: "devices", Href: "/console/identity/accounts"},
		ui.StatView{Label: loc.T("system.stat_sign_ins"), Value: loc.Number(o.SignIns), Icon: "login", Href: "/console/identity/accounts"},
	)
	return nil
}

func (p pages) auditFigures(ctx context.Context, today system.Today, v *overviewView) error {
	if !op.ActorFrom(ctx).Can(audit.PermRead) {
		return nil
	}
	loc := i18n.From(ctx)
	o, err := p.Audit.Overview(ctx, audit.OverviewInput{Since: today.DayBegan})
	if err != nil {
		return err
	}
	tone := ui.Neutral
	if o.Refused > 0 {
		tone = ui.Warning
	}
	v.Stats = append(v.Stats,
		ui.StatView{Label: loc.T("system.stat_entries"), Value: loc.Number(o.Entries), Icon: "clipboard-list", Href: "/console/audit"},
		ui.StatView{Label: loc.T("system.stat_refused"), Value: loc.Number(o.Refused), Icon: "shield-x", Tone: tone,
			Href: "/console/audit?outcome=refused"},
	)
	return nil
}

func (p pages) workFigures(ctx context.Context, today system.Today, v *overviewView) error {
	if !op.ActorFrom(ctx).Can(system.PermStatus) {
		return nil
	}
	loc := i18n.From(ctx)
	counts, err := p.System.JobCounts(ctx, op.None{})
	if err != nil {
		return err
	}
	v.Stats = append(v.Stats, ui.StatView{Label: loc.T("system.stat_jobs"), Value: loc.Number(counts[jobs.Ready] + counts[jobs.Running]),
		Icon: "subtask", Href: "/console/system/jobs"})
	if n := counts[jobs.Failed]; n > 0 {
		v.Attention = append(v.Attention, ui.AlertView{Tone: ui.Danger, Text: loc.T("system.jobs_failed", "count", loc.Number(n)),
			Action: &ui.ButtonView{Label: loc.T("system.look"), Href: "/console/system/jobs?state=failed"}})
	}
	lags, err := p.System.Lag(ctx, op.None{})
	if err != nil {
		return err
	}
	var parked int64
	for _, l := range lags {
		parked += l.Parked
	}
	backups, err := p.System.Backups(ctx, op.None{})
	if err != nil {
		return err
	}
	last := loc.T("system.never")
	if len(backups.Files) > 0 {
		last = loc.Relative(backups.Files[0].At, today.Now)
	}
	status, err := p.System.Status(ctx, op.None{})
	if err != nil {
		return err
	}
	v.Program = []ui.Desc{
		{Term: loc.T("system.version"), Text: status.Version}, {Term: loc.T("system.engine"), Text: string(status.Engine)},
		{Term: loc.T("system.uptime"), Text: loc.Duration(today.Now.Sub(status.Started))}, {Term: loc.T("system.last_backup"), Text: last},
		{Term: loc.T("system.memory"), Text: loc.Bytes(status.Memory)}, {Term: loc.T("system.writes"), Text: loc.Number(status.Storage.Writes)},
	}
	if backups.Missed {
		v.Attention = append(v.Attention, ui.AlertView{Tone: ui.Danger, Text: loc.T("system.backup_missed"),
			Action: &ui.ButtonView{Label: loc.T("system.look"), Href: "/console/system/backups"}})
	}
	if parked > 0 {
		v.Attention = append(v.Attention, ui.AlertView{Tone: ui.Danger, Text: loc.T("system.events_parked", "count", loc.Number(parked)),
			Action: &ui.ButtonView{Label: loc.T("system.look"), Href: "/console/system/events"}})
	}
	return nil
}

// rooms are the first pages of the rooms this reader works in.
func (p pages) rooms(loc i18n.Locale, a op.Actor) []ui.TileView {
	all := []struct {
		key, icon, href string
		perm            op.Permission
	}{
		{"system.go_accounts", "users", "/console/identity/accounts", identity.PermAccountRead},
		{"system.go_audit", "clipboard-list", "/console/audit", audit.PermRead},
		{"system.go_calendar", "calendar", "/console/system/calendar", system.PermConsole},
		{"system.go_account", "user-circle", "/me", ""},
	}
	var tiles []ui.TileView
	for _, t := range all {
		if t.perm == "" || a.Can(t.perm) {
			tiles = append(tiles, ui.TileView{Icon: t.icon, Title: loc.T(t.key), Text: loc.T(t.key + "_text"), Href: t.href})
		}
	}
	return tiles
}
