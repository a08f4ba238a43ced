package web

import (
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/audit"
)

// listView is the log, searched.
type listView struct {
	Head    ui.PageHead
	Notices []ui.AlertView
	Filter  *ui.FilterView
	Table   ui.TableView
	Pager   ui.PagerView
}

// parseFilter reads the filters of the address. Days are whole days in the reader's zone; faults are told above
// the list.
func parseFilter(r *http.Request) (audit.Filter, []errs.Field) {
	q, zone := r.URL.Query(), i18n.From(r.Context()).Zone()
	f := audit.Filter{
		ActorID: q.Get("actor"), Op: q.Get("op"), Outcome: op.Outcome(q.Get("outcome")), ThingKind: q.Get("kind"), ThingID: q.Get("thing"),
		Text: q.Get("q"), Page: db.Page{Cursor: q.Get("cursor")},
	}
	var faults []errs.Field
	day := func(name string, add int) time.Time {
		if q.Get(name) == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, q.Get(name), zone)
		if err != nil {
			faults = append(faults, errs.Field{Name: name, Code: "bad_date"})
			return time.Time{}
		}
		return t.AddDate(0, 0, add)
	}
	f.From, f.To = day("from", 0), day("to", 1)
	return f, faults
}

// filterNames are the parameters of the list's address.
var filterNames = []string{"q", "actor", "op", "outcome", "kind", "thing", "from", "to"}

// address is the list's address with the filters of the request; pairs set or, with an empty value, drop more.
func address(r *http.Request, pairs ...string) string {
	q := url.Values{}
	for _, name := range filterNames {
		if v := r.URL.Query().Get(name); v != "" {
			q.Set(name, v)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return auditPath
	}
	return auditPath + "?" + q.Encode()
}

func (p pages) search(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	f, faults := parseFilter(r)
	list, err := p.Audit.Search(r.Context(), f)
	if err == nil {
		err = errs.InvalidFields(faults...)
	}
	v := listView{Head: ui.PageHead{Title: loc.T("audit.log"), Subtitle: loc.T("audit.log_about")}, Filter: p.filter(loc, r)}
	status := http.StatusOK
	if err != nil && errs.KindOf(err) == errs.Invalid {
		texts, _ := web.FieldErrors(r, err)
		for _, t := range texts {
			v.Notices = append(v.Notices, ui.AlertView{Tone: ui.Danger, Text: t, Urgent: true})
		}
		status, err, list = http.StatusUnprocessableEntity, nil, audit.List{}
	}
	if err != nil {
		return err
	}
	v.Table = entryTable(loc, r, list.Entries)
	if f.Page.Cursor != "" {
		v.Pager.First = address(r)
	}
	if list.Next != "" {
		v.Pager.Next = address(r, "cursor", list.Next)
	}
	return p.site.Render(w, r, web.Page{
		Title: v.Head.Title, Crumbs: crumbs(loc, v.Head.Title, ""), Body: listPage(v), Status: status, HelpKey: "audit.log",
	})
}

func (p pages) filter(loc i18n.Locale, r *http.Request) *ui.FilterView {
	q := r.URL.Query()
	v := &ui.FilterView{
		Action: auditPath, Query: q.Get("q"), Placeholder: loc.T("audit.search_hint"), Clear: auditPath,
		Filters: []ui.Field{
			{Name: "op", Label: loc.T("audit.op"), Value: q.Get("op"), Blank: loc.T("audit.all"), Options: p.operations(loc)},
			{Name: "outcome", Label: loc.T("audit.outcome"), Value: q.Get("outcome"), Blank: loc.T("audit.all"), Options: []ui.Option{
				{Value: string(op.Done), Label: loc.T("audit.outcome.done")}, {Value: string(op.Refused), Label: loc.T("audit.outcome.refused")},
				{Value: string(op.Failed), Label: loc.T("audit.outcome.failed")},
			}},
			{Name: "from", Label: loc.T("audit.from"), Type: "date", Value: q.Get("from")},
			{Name: "to", Label: loc.T("audit.to"), Type: "date", Value: q.Get("to")},
		},
		Export: &ui.ExportView{Href: strings.Replace(address(r), auditPath, auditPath+"/export", 1)},
	}
	for _, name := range []string{"actor", "kind", "thing"} { // chosen by a link in the list, not typed
		if q.Get(name) != "" {
			v.Keep = append(v.Keep, ui.Hidden{Name: name, Value: q.Get(name)})
		}
	}
	for _, name := range filterNames {
		if q.Get(name) != "" {
			v.Applied++
		}
	}
	return v
}

// operations are all operations of the program by their names, in groups of modules.
func (p pages) operations(loc i18n.Locale) []ui.Option {
	var list []ui.Option
	for _, b := range p.Registry.All() {
		module, _, _ := strings.Cut(b.Spec.Name, ".")
		if key := "module." + module; loc.Has(key) {
			module = loc.T(key)
		}
		list = append(list, ui.Option{Value: b.Spec.Name, Label: loc.T("op." + b.Spec.Name), Group: module})
	}
	return list
}

// outcomeTone colours how an attempt ended.
func outcomeTone(o op.Outcome) ui.Tone {
	switch o {
	case op.Refused:
		return ui.Danger
	case op.Failed:
		return ui.Warning
	default:
		return ui.Success
	}
}

func entryTable(loc i18n.Locale, r *http.Request, list []audit.Entry) ui.TableView {
	t := ui.TableView{
		Caption: loc.T("audit.log"), TestID: "entries",
		Columns: []ui.Column{
			{Label: loc.T("audit.at"), Kind: ui.TimeColumn}, {Label: loc.T("audit.actor")}, {Label: loc.T("audit.op")},
			{Label: loc.T("audit.thing")}, {Label: loc.T("audit.outcome")}, {Label: loc.T("audit.addr"), Minor: true},
		},
		Empty: &ui.EmptyView{Icon: "logs", Title: loc.T("audit.none"), Text: loc.T("audit.none_text")},
	}
	for _, e := range list {
		actor := ui.TD{Text: actorName(loc, e), Sub: e.OnBehalf.Name}
		if e.Actor.ID != "" {
			actor.Href = address(r, "actor", e.Actor.ID)
		}
		t.Rows = append(t.Rows, ui.Row{ID: e.ID, Label: loc.T("op." + e.Op), Href: auditPath + "/" + e.ID, Cells: []ui.TD{
			{Text: loc.DateTime(e.At)}, actor, ui.Text(operationName(loc, e.Op)), {Text: dash(thingNames(loc, e)), Sub: reasonLine(loc, e)},
			ui.StatusTD(loc.T("audit.outcome."+string(e.Outcome)), outcomeTone(e.Outcome)), ui.Text(e.Addr),
		}})
	}
	return t
}

// reasonLine tells the reason as such, so that it is not taken for the thing.
func reasonLine(loc i18n.Locale, e audit.Entry) string {
	if e.Reason == "" {
		return ""
	}
	return loc.T("audit.reason_line", "reason", e.Reason)
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// operationName is the name of an operation, or its id for one an earlier version had.
func operationName(loc i18n.Locale, name string) string {
	if key := "op." + name; loc.Has(key) {
		return loc.T(key)
	}
	return name
}

func actorName(loc i18n.Locale, e audit.Entry) string {
	switch {
	case e.ActorKind == op.System:
		return loc.T("audit.by_system", "part", e.Actor.Name)
	case e.Actor.Name != "":
		return e.Actor.Name
	default:
		return loc.T("audit.nobody")
	}
}

func thingKind(loc i18n.Locale, kind string) string {
	if key := "thing." + kind; loc.Has(key) {
		return loc.T(key)
	}
	return kind
}

// thingNames says what an entry was about in one line.
func thingNames(loc i18n.Locale, e audit.Entry) string {
	text := ""
	for i, c := range e.Changes {
		if i > 0 {
			text += loc.T("audit.list_join")
		}
		text += thingTitle(loc, c)
	}
	if e.Total > len(e.Changes) {
		text += loc.T("audit.list_join") + loc.T("audit.and_more", "count", e.Total-len(e.Changes))
	}
	return text
}

// isSearch reports whether the label of things of this kind is what was searched for: the log's own, and by their
// name the lists of other modules.
func isSearch(kind string) bool { return kind == audit.ThingLog || strings.HasSuffix(kind, "_search") }

// thingTitle names the thing of a change. What somebody searched the log for is told by the entry's page, as code.
func thingTitle(loc i18n.Locale, c audit.Change) string {
	switch {
	case isSearch(c.Kind):
		return thingKind(loc, c.Kind)
	case c.Kind == audit.ThingEntry:
		return thingKind(loc, c.Kind) + " " + operationName(loc, c.Label)
	}
	return thingKind(loc, c.Kind) + " " + valueText(loc, c.Kind, "id", c.Label)
}

// maxExport is how many entries one export holds; the last line tells when there are more.
const maxExport = 10_000

func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	if err := web.CheckFormat(r); err != nil && op.ActorFrom(r.Context()).Can(audit.PermRead) {
		return err // who may not export is refused by the operation, and recorded
	}
	loc := i18n.From(r.Context())
	f, faults := parseFilter(r)
	if err := errs.InvalidFields(faults...); err != nil {
		return err
	}
	f.Page = db.Page{Limit: 200}
	first, err := p.Audit.Search(r.Context(), f) // before the first byte, so that a refusal is a page
	if err != nil {
		return err
	}
	var header []string
	for _, key := range []string{"at", "actor", "on_behalf", "op", "op_code", "thing", "outcome", "code", "reason", "addr", "device", "request", "entry_id"} {
		header = append(header, loc.T("audit."+key))
	}
	return p.site.Export(w, r, loc.T("audit.log"), header, p.exportRows(r, loc, f, first))
}

// exportRows reads page after page while the file is written.
func (p pages) exportRows(r *http.Request, loc i18n.Locale, f audit.Filter, list audit.List) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for n := 0; ; {
			for _, e := range list.Entries {
				n++
				if !yield([]string{
					loc.Exact(e.At), actorName(loc, e), e.OnBehalf.Name, operationName(loc, e.Op), e.Op, thingNames(loc, e),
					loc.T("audit.outcome." + string(e.Outcome)), e.Code, e.Reason, e.Addr, e.Device, e.RequestID, e.ID,
				}, nil) {
					return
				}
			}
			if list.Next == "" {
				return
			}
			if n >= maxExport {
				yield([]string{loc.T("audit.export_cut", "n", n)}, nil)
				return
			}
			f.Page.Cursor = list.Next
			var err error
			if list, err = p.Audit.Search(r.Context(), f); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
