package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/trust/audit"
)

// entryView is one entry with what it changed.
type entryView struct {
	Head    ui.PageHead
	Facts   []ui.Desc
	Changes []changeView
	More    string // told when not all things are shown
}

// changeView is what happened to one thing.
type changeView struct {
	Code    string // what was searched for
	Title   string
	History string // the address of the thing's history
	Notes   []ui.AlertView
	Diff    *ui.DiffView // nil when the thing was only read
}

func (p pages) entry(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	e, err := p.Audit.Entry(r.Context(), audit.EntryRef{ID: r.PathValue("id")})
	if err != nil {
		return err
	}
	name := operationName(loc, e.Op)
	v := entryView{
		Head: ui.PageHead{Title: name, Number: loc.Exact(e.At), Status: &ui.StatusView{
			Text: loc.T("audit.outcome." + string(e.Outcome)), Tone: outcomeTone(e.Outcome)}},
		Facts: entryFacts(loc, e),
	}
	for _, c := range e.Changes {
		v.Changes = append(v.Changes, newChangeView(loc, c))
	}
	if e.Total > len(e.Changes) {
		v.More = loc.T("audit.shown_of", "shown", len(e.Changes), "n", e.Total)
	}
	return p.site.Render(w, r, web.Page{Title: name, Crumbs: crumbs(loc, loc.T("audit.log"), auditPath, name, ""), Body: entryPage(v)})
}

func entryFacts(loc i18n.Locale, e audit.Entry) []ui.Desc {
	list := []ui.Desc{
		{Term: loc.T("audit.actor"), Text: actorName(loc, e)}, {Term: loc.T("audit.at"), Text: loc.Exact(e.At)},
		{Term: loc.T("audit.op"), Content: ui.InlineCode(e.Op)}, {Term: loc.T("audit.outcome"), Text: loc.T("audit.outcome." + string(e.Outcome))},
	}
	if e.Actor.ID != "" {
		list[0].Href = auditPath + "?" + url.Values{"actor": {e.Actor.ID}}.Encode()
	}
	add := func(label, text string) {
		if text != "" {
			list = append(list, ui.Desc{Term: loc.T(label), Text: text})
		}
	}
	if e.Code != "" {
		text := e.Code
		if key := "error." + e.Code; loc.Has(key) {
			text = loc.T(key) + " (" + e.Code + ")"
		}
		list = append(list, ui.Desc{Term: loc.T("audit.code"), Text: text, Wide: true})
	}
	add("audit.on_behalf", e.OnBehalf.Name)
	add("audit.reason", e.Reason)
	add("audit.addr", e.Addr)
	add("audit.device", e.Device)
	add("audit.session", e.Session)
	add("audit.undo_of", e.UndoOf)
	add("audit.took", e.Took.String())
	if e.RequestID != "" {
		list = append(list, ui.Desc{Term: loc.T("audit.request"), Text: e.RequestID, Href: auditPath + "?" + url.Values{"q": {e.RequestID}}.Encode()})
	}
	return list
}

func historyPath(kind, id string) string {
	return auditPath + "/things/" + url.PathEscape(kind) + "/" + url.PathEscape(id)
}

func newChangeView(loc i18n.Locale, c audit.Change) changeView {
	v := changeView{Title: thingTitle(loc, c)}
	if isSearch(c.Kind) {
		v.Code = c.Label
	}
	if c.ID != "" {
		v.History = historyPath(c.Kind, c.ID)
	}
	if c.Before == nil && c.After == nil {
		v.Notes = append(v.Notes, ui.AlertView{Tone: ui.Info, Text: loc.T("audit.was_read")})
		return v
	}
	for _, raw := range [][]byte{c.Before, c.After} {
		if cut, ok := audit.CutOf(raw); ok {
			v.Notes = append(v.Notes, ui.AlertView{Tone: ui.Warning, Text: loc.T("audit.cut", "size", loc.Bytes(int64(cut.Bytes)))})
		}
	}
	lines, more := audit.Diff(c.Before, c.After)
	d := ui.DiffView{Caption: v.Title, Before: map[string]any{}, After: map[string]any{}, Labels: map[string]string{}, All: true}
	for _, l := range lines {
		path := l.Path
		if path == "" {
			path = loc.T("audit.value")
		}
		d.Labels[path] = fieldName(loc, c.Kind, path)
		if l.Was {
			d.Before[path] = valueText(loc, c.Kind, l.Path, l.Before)
		}
		if l.Is {
			d.After[path] = valueText(loc, c.Kind, l.Path, l.After)
		}
	}
	if more {
		v.Notes = append(v.Notes, ui.AlertView{Tone: ui.Warning, Text: loc.T("audit.more_lines")})
	}
	v.Diff = &d
	return v
}

// fieldName is the name of a value's place in a thing of this kind, the translation "field." + kind + "." + place,
// with the numbers of list elements behind it; a place nobody named stands for itself.
func fieldName(loc i18n.Locale, kind, path string) string {
	names, numbers := splitPath(path)
	key := "field." + kind + "." + strings.Join(names, ".")
	if !loc.Has(key) {
		return path
	}
	return strings.Join(append([]string{loc.T(key)}, numbers...), " ")
}

// splitPath parts the names in a path from the numbers of list elements.
func splitPath(path string) (names, numbers []string) {
	for _, part := range strings.Split(path, ".") {
		if _, err := strconv.Atoi(part); err == nil {
			numbers = append(numbers, part)
		} else {
			names = append(names, part)
		}
	}
	return names, numbers
}

// valueText is a value as its reader says it: the translation "value." + kind + "." + place + "." + value, the name of
// a permission, or a time in the reader's zone; any other value stands for itself.
func valueText(loc i18n.Locale, kind, path, value string) string {
	names, _ := splitPath(path)
	if key := "value." + kind + "." + strings.Join(names, ".") + "." + value; loc.Has(key) {
		return loc.T(key)
	}
	if key := "perm." + value; strings.Join(names, ".") == "permissions" && loc.Has(key) {
		return loc.T(key)
	}
	if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
		return loc.Exact(t)
	}
	return value
}

// historyView is what happened to one thing.
type historyView struct {
	Head  ui.PageHead
	Items []ui.TimelineItem
	Empty ui.EmptyView
	Pager ui.PagerView
}

func (p pages) history(w http.ResponseWriter, r *http.Request) error {
	loc, q := i18n.From(r.Context()), r.URL.Query()
	in := audit.HistoryInput{Kind: r.PathValue("kind"), ID: r.PathValue("id"), Reads: q.Get("reads") == "1", Page: db.Page{Cursor: q.Get("cursor")}}
	list, err := p.Audit.History(r.Context(), in)
	if err != nil {
		return err
	}
	name, base := thingKind(loc, in.Kind)+" "+in.ID, historyPath(in.Kind, in.ID)
	if len(list.Entries) > 0 {
		name = thingTitle(loc, list.Entries[0].Changes[0])
	}
	v := historyView{
		Head:  ui.PageHead{Title: name, Subtitle: loc.T("audit.history_about")},
		Empty: ui.EmptyView{Icon: "history", Title: loc.T("audit.history_none"), Text: loc.T("audit.history_none_text")},
	}
	v.Head.Actions = []ui.ButtonView{{Label: loc.T("audit.reads_too"), Icon: "eye", Href: base + "?reads=1"}}
	reads := ""
	if in.Reads {
		v.Head.Actions, reads = []ui.ButtonView{{Label: loc.T("audit.only_changes"), Icon: "eye-off", Href: base}}, "&reads=1"
	}
	for _, e := range list.Entries {
		v.Items = append(v.Items, historyItem(loc, e))
	}
	if in.Page.Cursor != "" {
		v.Pager.First = base + "?reads=" + strconv.Itoa(len(reads)/len("&reads=1"))
	}
	if list.Next != "" {
		v.Pager.Next = base + "?cursor=" + url.QueryEscape(list.Next) + reads
	}
	return p.site.Render(w, r, web.Page{Title: name, Crumbs: crumbs(loc, loc.T("audit.log"), auditPath, name, ""), Body: historyPage(v)})
}

func historyItem(loc i18n.Locale, e audit.Entry) ui.TimelineItem {
	c := newChangeView(loc, e.Changes[0])
	item := ui.TimelineItem{Time: e.At, Who: actorName(loc, e), Text: operationName(loc, e.Op), Note: e.Reason, Tone: outcomeTone(e.Outcome), Icon: "edit"}
	if c.Diff == nil {
		item.Icon, item.Tone = "eye", ui.Neutral
	} else {
		c.Diff.All = false
	}
	if e.Outcome == op.Done && e.Changes[0].Before == nil && c.Diff != nil {
		item.Icon = "plus"
	}
	item.Content = historyChange(c, auditPath+"/"+e.ID)
	return item
}

// historyButton leads from a change to the history of its thing.
func historyButton(ctx context.Context, c changeView) []ui.ButtonView {
	if c.History == "" {
		return nil
	}
	return []ui.ButtonView{{Label: ui.T(ctx, "audit.history"), Icon: "history", Href: c.History, Small: true}}
}
