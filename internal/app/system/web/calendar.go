package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"tongban/internal/app/system"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

type calendarView struct {
	Title  string
	Years  []ui.Tab
	Table  ui.TableView
	Edit   bool
	Form   ui.FormView
	Day    ui.Field
	Kind   ui.Field
	Name   ui.Field
	Import ui.FormView
	Text   ui.Field
}

func (p pages) calendar(w http.ResponseWriter, r *http.Request) error {
	return p.showCalendar(w, r, nil)
}

// showCalendar shows the year of the address, and a form again with what was wrong with it.
func (p pages) showCalendar(w http.ResponseWriter, r *http.Request, failure error) error {
	ctx, loc := r.Context(), i18n.From(r.Context())
	today, err := p.System.Today(ctx, op.None{})
	if err != nil {
		return err
	}
	thisYear := today.Now.In(loc.Zone()).Year()
	year, err := strconv.Atoi(r.FormValue("year"))
	if err != nil || year < system.FirstYear || year > system.LastYear {
		year = thisYear
	}
	days, err := p.System.Days(ctx, system.DaysInput{Year: year})
	if err != nil {
		return err
	}
	v := calendarView{Title: loc.T("system.calendar"), Edit: op.ActorFrom(ctx).Can(system.PermCalendar)}
	years := []int{thisYear - 1, thisYear, thisYear + 1}
	if !slices.Contains(years, year) {
		years = append(years, year)
		slices.Sort(years)
	}
	for _, y := range years {
		v.Years = append(v.Years, ui.Tab{Label: strconv.Itoa(y), Href: fmt.Sprintf("/console/system/calendar?year=%d", y), Current: y == year})
	}
	v.Table = dayTable(loc, days, year, v.Edit)
	status := http.StatusOK
	v.forms(loc, r, year)
	if failure != nil {
		status = http.StatusUnprocessableEntity
		v.blame(r, failure)
	}
	return p.site.Render(w, r, web.Page{Title: v.Title, Crumbs: crumbs(loc, "system.calendar"), HelpKey: "system.calendar", Body: calendarPage(v), Status: status})
}

// forms fills the two forms with what was posted, so that nothing typed is lost.
func (v *calendarView) forms(loc i18n.Locale, r *http.Request, year int) {
	kind := r.PostForm.Get("kind")
	v.Day = ui.Field{Name: "day", Label: loc.T("system.day"), Type: "date", Required: true, Value: r.PostForm.Get("day")}
	v.Kind = ui.Field{Name: "kind", Label: loc.T("system.day_kind"), Required: true, Options: []ui.Option{
		{Value: string(clock.Off), Label: loc.T("clock.off"), Selected: kind != string(clock.Work)},
		{Value: string(clock.Work), Label: loc.T("clock.work"), Selected: kind == string(clock.Work)},
	}}
	v.Name = ui.Field{Name: "name", Label: loc.T("system.day_name"), Hint: loc.T("system.day_name_hint"), Required: true,
		Value: r.PostForm.Get("name"), MaxLen: 50}
	v.Text = ui.Field{Name: "text", Label: loc.T("system.notice_text"), Hint: loc.T("system.notice_hint"), Required: true,
		Value: r.PostForm.Get("text"), Rows: 6}
	hidden := []ui.Hidden{{Name: "year", Value: strconv.Itoa(year)}}
	v.Form = ui.FormView{Action: "/console/system/calendar", Hidden: hidden, Submit: ui.ButtonView{Label: loc.T("system.set_day")}, TestID: "set-day"}
	v.Import = ui.FormView{Action: "/console/system/calendar/import", Hidden: hidden,
		Submit: ui.ButtonView{Label: loc.T("op.system.calendar.import")}, TestID: "import"}
}

// blame puts what was wrong beside the fields of the form that was posted.
func (v *calendarView) blame(r *http.Request, failure error) {
	texts, _ := web.FieldErrors(r, failure)
	form, fields := &v.Form, []*ui.Field{&v.Day, &v.Kind, &v.Name}
	if r.PostForm.Has("text") {
		form, fields = &v.Import, []*ui.Field{&v.Text}
	}
	form.Message = texts[""]
	for name, text := range texts {
		if name == "" {
			continue
		}
		fault := ui.FieldError{Field: name, Text: text}
		for _, f := range fields {
			if f.Name == name {
				f.Error, fault.Label = text, f.Label
			}
		}
		if fault.Label == "" {
			fault.Field = fields[0].Name
			fields[0].Error = text
		}
		form.Errors = append(form.Errors, fault)
	}
}

func dayTable(loc i18n.Locale, days []clock.Day, year int, edit bool) ui.TableView {
	t := ui.TableView{
		Caption: loc.T("system.calendar"),
		Columns: []ui.Column{
			{Label: loc.T("system.day"), Kind: ui.TimeColumn}, {Label: loc.T("system.day_kind")}, {Label: loc.T("system.day_name")},
			{Label: loc.T("system.day_source"), Minor: true}, {Label: loc.T("system.actions"), Kind: ui.ActionsColumn},
		},
		Empty: &ui.EmptyView{Icon: "calendar", Title: loc.T("system.calendar_none", "year", year), Text: loc.T("system.calendar_none_text")},
	}
	for _, d := range days {
		tone, source, action := ui.Success, loc.T("clock.shipped"), ui.Text("")
		if d.Kind == clock.Work {
			tone = ui.Warning
		}
		if !d.Changed.IsZero() {
			source = loc.T("clock.edited")
			if edit {
				action = ui.Component(ui.Button(ui.ButtonView{Label: loc.T("op.system.calendar.remove_day"), Small: true, Post: "/console/system/calendar/remove",
					Fields: []ui.Hidden{{Name: "day", Value: d.Date.String()}, {Name: "year", Value: strconv.Itoa(year)}}}))
			}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.TD{
			{Text: d.Date.String(), Sub: loc.T(fmt.Sprintf("system.weekday.%d", d.Date.Weekday()))},
			ui.StatusTD(loc.T("clock."+string(d.Kind)), tone), ui.Text(d.Name), ui.Text(source), action,
		}})
	}
	return t
}

func (p pages) setDay(w http.ResponseWriter, r *http.Request) error {
	var receipt op.Receipt
	in := system.SetDayInput{Day: r.PostForm.Get("day"), Kind: r.PostForm.Get("kind"), Name: r.PostForm.Get("name")}
	_, err := p.System.SetDay(op.WithReceipt(r.Context(), &receipt), in)
	return p.calendarDone(w, r, receipt, err, "system.day_set", "day", in.Day)
}

func (p pages) removeDay(w http.ResponseWriter, r *http.Request) error {
	var receipt op.Receipt
	in := system.RemoveDayInput{Day: r.PostForm.Get("day")}
	_, err := p.System.RemoveDay(op.WithReceipt(r.Context(), &receipt), in)
	return p.calendarDone(w, r, receipt, err, "system.day_removed", "day", in.Day)
}

func (p pages) importNotice(w http.ResponseWriter, r *http.Request) error {
	n, err := p.System.ImportNotice(r.Context(), system.ImportNoticeInput{Text: r.PostForm.Get("text")})
	return p.calendarDone(w, r, op.Receipt{}, err, "system.notice_imported", "count", n)
}

// calendarDone goes back to the year with the news, or shows the form again with what was wrong.
func (p pages) calendarDone(w http.ResponseWriter, r *http.Request, receipt op.Receipt, err error, key string, pairs ...any) error {
	if _, about := web.FieldErrors(r, err); err != nil && about {
		return p.showCalendar(w, r, err)
	}
	if err != nil {
		return err
	}
	year, _ := strconv.Atoi(r.PostForm.Get("year")) // anything else shows the present year
	return p.site.Done(w, r, fmt.Sprintf("/console/system/calendar?year=%d", year), receipt, key, pairs...)
}
