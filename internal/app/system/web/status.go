package web

import (
	"net/http"
	"time"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

func (p pages) status(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	s, err := p.System.Status(r.Context(), op.None{})
	if err != nil {
		return err
	}
	today, err := p.System.Today(r.Context(), op.None{})
	if err != nil {
		return err
	}
	st := s.Storage
	facts := []ui.Desc{
		{Term: loc.T("system.version"), Text: s.Version}, {Term: loc.T("system.engine"), Text: string(s.Engine)},
		{Term: loc.T("system.started"), Content: ui.TimeAgo(s.Started)}, {Term: loc.T("system.uptime"), Text: loc.Duration(today.Now.Sub(s.Started))},
		{Term: loc.T("system.memory"), Text: loc.Bytes(s.Memory)}, {Term: loc.T("system.routines"), Text: loc.Number(int64(s.Routines))},
	}
	storage := []ui.Desc{
		{Term: loc.T("system.writes"), Text: loc.Number(st.Writes)}, {Term: loc.T("system.groups"), Text: loc.Number(st.Groups)},
		{Term: loc.T("system.largest_group"), Text: loc.Number(st.LargestGroup)}, {Term: loc.T("system.queued"), Text: loc.Number(st.Queued)},
		{Term: loc.T("system.waited"), Text: waited(loc, st.WaitTotal)}, {Term: loc.T("system.retries"), Text: loc.Number(st.Retries)},
	}
	return p.site.Render(w, r, web.Page{Title: loc.T("system.status"), Crumbs: crumbs(loc, "system.status"), Body: statusPage(facts, storage)})
}

// waited is a sum of short waits: in milliseconds, while that says more than minutes do.
func waited(loc i18n.Locale, d time.Duration) string {
	if d < time.Minute {
		return loc.T("system.milliseconds", "n", loc.Number(d.Round(time.Millisecond).Milliseconds()))
	}
	return loc.Duration(d)
}
