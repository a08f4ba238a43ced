package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"tongban/internal/app/system"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

const pageSize = 50

type listView struct {
	Title, Subtitle string
	Primary         *ui.ButtonView
	Alert           *ui.AlertView
	Filter          *ui.FilterView
	Table           ui.TableView
	Pager           ui.PagerView
}

func (p pages) jobs(w http.ResponseWriter, r *http.Request) error {
	loc, q := i18n.From(r.Context()), r.URL.Query()
	in := system.ListJobsInput{Page: db.Page{Cursor: q.Get("cursor"), Limit: pageSize}}
	if s := jobs.State(q.Get("state")); slices.Contains(jobs.States(), s) {
		in.Filter.State = s
	}
	list, err := p.System.Jobs(r.Context(), in)
	if err != nil {
		return err
	}
	v := listView{
		Title: loc.T("system.jobs"), Subtitle: loc.T("system.jobs_about"), Table: jobTable(loc, list.Items),
		Filter: &ui.FilterView{Action: "/console/system/jobs", NoQuery: true, Filters: []ui.Field{stateFilter(loc, in.Filter.State)}},
		Pager:  pager(r.URL, list.Next, in.Page.Cursor != ""),
	}
	return p.site.Render(w, r, web.Page{Title: v.Title, Crumbs: crumbs(loc, "system.jobs"), HelpKey: "system.jobs", Body: listPage(v)})
}

func stateFilter(loc i18n.Locale, chosen jobs.State) ui.Field {
	f := ui.Field{Name: "state", Label: loc.T("system.job_state"), Blank: loc.T("system.all")}
	for _, s := range jobs.States() {
		f.Options = append(f.Options, ui.Option{Value: string(s), Label: stateText(loc, s), Selected: s == chosen})
	}
	return f
}

func stateText(loc i18n.Locale, s jobs.State) string { return loc.T("system.job_state." + string(s)) }

func stateTone(s jobs.State) ui.Tone {
	return map[jobs.State]ui.Tone{jobs.Done: ui.Success, jobs.Running: ui.Info, jobs.Failed: ui.Danger}[s]
}

func jobTable(loc i18n.Locale, list []jobs.Status) ui.TableView {
	t := ui.TableView{
		Caption: loc.T("system.jobs"),
		Columns: []ui.Column{
			{Label: loc.T("system.job_kind")}, {Label: loc.T("system.job_state")}, {Label: loc.T("system.job_attempts"), Kind: ui.NumberColumn},
			{Label: loc.T("system.job_created"), Kind: ui.TimeColumn}, {Label: loc.T("system.job_error"), Minor: true},
		},
		Empty: &ui.EmptyView{Icon: "subtask", Title: loc.T("system.jobs_none"), Text: loc.T("system.jobs_about")},
	}
	for _, j := range list {
		t.Rows = append(t.Rows, ui.Row{ID: j.ID, Href: "/console/system/jobs/" + j.ID, Cells: []ui.TD{
			ui.Text(jobName(loc, j.Kind)), ui.StatusTD(stateText(loc, j.State), stateTone(j.State)),
			ui.Text(loc.Number(j.Attempt)), ui.Component(ui.TimeAgo(j.CreatedAt)), ui.Text(j.Error),
		}})
	}
	return t
}

// jobName is the name of a kind of work, or the kind itself when it has none.
func jobName(loc i18n.Locale, kind string) string {
	if loc.Has("job." + kind) {
		return loc.T("job." + kind)
	}
	return kind
}

// pager leads on through a list whose address is u.
func pager(u *url.URL, next string, later bool) ui.PagerView {
	with := func(cursor string) string {
		q := u.Query()
		q.Del("cursor")
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		return u.Path + "?" + q.Encode()
	}
	var v ui.PagerView
	if later {
		v.First = with("")
	}
	if next != "" {
		v.Next = with(next)
	}
	return v
}

type jobView struct {
	Head  ui.PageHead
	Facts []ui.Desc
	Args  string
	Error string
}

func (p pages) job(w http.ResponseWriter, r *http.Request) error {
	loc, id := i18n.From(r.Context()), r.PathValue("id")
	j, err := p.System.Job(r.Context(), system.JobRef{ID: id})
	if err != nil {
		return err
	}
	v := jobView{
		Head: ui.PageHead{Title: jobName(loc, j.Kind), Status: &ui.StatusView{Text: stateText(loc, j.State), Tone: stateTone(j.State)}},
		Facts: given([]ui.Desc{
			{Term: loc.T("system.job_id"), Text: j.ID}, {Term: loc.T("system.job_kind"), Content: ui.InlineCode(j.Kind)},
			{Term: loc.T("system.job_attempts"), Text: loc.T("system.job_attempts_of", "n", j.Attempt, "max", j.MaxAttempts)},
			{Term: loc.T("system.job_node"), Text: j.Node}, {Term: loc.T("system.job_created"), Text: loc.Exact(j.CreatedAt)},
			{Term: loc.T("system.job_started"), Text: loc.Exact(j.StartedAt)}, {Term: loc.T("system.job_finished"), Text: loc.Exact(j.FinishedAt)},
		}),
		Args: string(j.Args), Error: j.Error,
	}
	if op.ActorFrom(r.Context()).Can(system.PermJobs) {
		v.Head.Actions = jobActions(loc, j)
	}
	return p.site.Render(w, r, web.Page{Title: v.Head.Title, Body: jobPage(v), Crumbs: []ui.Crumb{
		{Label: loc.T("system.overview"), Href: "/console"}, {Label: loc.T("system.jobs"), Href: "/console/system/jobs"}, {Label: v.Head.Title},
	}})
}

// given leaves out what has no value: a job that is over is on no node.
func given(facts []ui.Desc) []ui.Desc {
	return slices.DeleteFunc(facts, func(d ui.Desc) bool { return d.Text == "" && d.Content == nil })
}

// jobActions are the actions the state allows.
func jobActions(loc i18n.Locale, j jobs.Status) []ui.ButtonView {
	at := "/console/system/jobs/" + j.ID
	switch j.State {
	case jobs.Failed, jobs.Cancelled:
		return []ui.ButtonView{{Label: loc.T("system.retry"), Icon: "refresh", Post: at + "/retry"}}
	case jobs.Ready, jobs.Running:
		return []ui.ButtonView{{Label: loc.T("system.cancel"), Icon: "ban", Post: at + "/cancel"}}
	}
	return nil
}

func (p pages) retryJob(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := p.System.RetryJob(r.Context(), system.JobRef{ID: id}); err != nil {
		return err
	}
	return p.site.Done(w, r, "/console/system/jobs/"+id, op.Receipt{}, "system.job_retried")
}

func (p pages) cancelJob(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := p.System.CancelJob(r.Context(), system.JobRef{ID: id}); err != nil {
		return err
	}
	return p.site.Done(w, r, "/console/system/jobs/"+id, op.Receipt{}, "system.job_cancelled")
}

func (p pages) schedules(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	list, err := p.System.Schedules(r.Context(), op.None{})
	if err != nil {
		return err
	}
	t := ui.TableView{Caption: loc.T("system.schedules"), Columns: []ui.Column{
		{Label: loc.T("system.job_kind")}, {Label: loc.T("system.schedule_rule")}, {Label: loc.T("system.schedule_last"), Kind: ui.TimeColumn},
		{Label: loc.T("system.schedule_next"), Kind: ui.TimeColumn}, {Label: loc.T("system.actions"), Kind: ui.ActionsColumn},
	}}
	for _, s := range list {
		row := ui.Row{Cells: []ui.TD{
			{Text: jobName(loc, s.Kind), Code: s.Kind}, ui.Text(ruleText(loc, s)), ui.Component(ui.TimeAgo(s.Last)), ui.Component(ui.TimeAgo(s.Next)), ui.Text(""),
		}}
		if op.ActorFrom(r.Context()).Can(system.PermJobs) {
			row.Cells[4] = ui.Component(ui.Button(ui.ButtonView{
				Label: loc.T("system.run_now"), Small: true, Post: "/console/system/schedules/" + url.PathEscape(s.Kind) + "/run",
			}))
		}
		t.Rows = append(t.Rows, row)
	}
	v := listView{Title: loc.T("system.schedules"), Subtitle: loc.T("system.schedules_about"), Table: t}
	return p.site.Render(w, r, web.Page{Title: v.Title, Crumbs: crumbs(loc, "system.schedules"), Body: listPage(v)})
}

// ruleText tells when periodic work is due; the zone only where it is not the reader's.
func ruleText(loc i18n.Locale, s jobs.ScheduleStatus) string {
	r := s.Rule
	if r.Every > 0 {
		return loc.T("system.rule.every", "duration", loc.Duration(r.Every))
	}
	if r.Often == "" {
		return s.Spec
	}
	text := loc.T("system.rule."+r.Often, "time", r.Time, "date", r.Date, "day", loc.T(fmt.Sprintf("system.weekday.%d", r.Day)))
	if r.Zone.String() != loc.Zone().String() {
		text = loc.T("system.rule_zone", "rule", text, "zone", r.Zone.String())
	}
	return text
}

func (p pages) runSchedule(w http.ResponseWriter, r *http.Request) error {
	job, err := p.System.RunSchedule(r.Context(), system.ScheduleRef{Kind: r.PathValue("kind")})
	if err != nil {
		return err
	}
	return p.site.Done(w, r, "/console/system/jobs/"+job.ID, op.Receipt{}, "system.schedule_run")
}
