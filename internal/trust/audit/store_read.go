package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
)

const entryColumns = `e.id, e.at, e.op, e.outcome, e.code, e.actor_kind, e.actor_id, e.actor_name, e.behalf_id, e.behalf_name,
	e.session_id, e.device, e.addr, e.reason, e.request_id, e.undo_of, e.took_us, e.changes`

// entryFields returns where the columns of entryColumns go.
func entryFields(e *Entry, at *db.Time, took *int64) []any {
	return []any{
		&e.ID, at, &e.Op, &e.Outcome, &e.Code, &e.ActorKind, &e.Actor.ID, &e.Actor.Name, &e.OnBehalf.ID, &e.OnBehalf.Name,
		&e.Session, &e.Device, &e.Addr, &e.Reason, &e.RequestID, &e.UndoOf, took, &e.Total,
	}
}

func scanEntry(scan func(...any) error, more ...any) (Entry, error) {
	var e Entry
	var at db.Time
	var took int64
	if err := scan(append(entryFields(&e, &at, &took), more...)...); err != nil {
		return Entry{}, db.MapError(err)
	}
	e.At, e.Took = at.Time, time.Duration(took)*time.Microsecond
	return e, nil
}

func (store) entryByID(ctx context.Context, q db.Querier, id string) (Entry, error) {
	row := q.QueryRowContext(ctx, `/* audit.entryByID */ select `+entryColumns+` from audit_entry e where e.id = $1`, id)
	e, err := scanEntry(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Entry{}, ErrNotFound
	}
	return e, err
}

// where collects conditions with their arguments. The conditions are texts of this file, in which ? stands for
// the argument.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		cond = strings.Replace(cond, "?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.conds = append(w.conds, cond)
}

func (w *where) limit(n int) string {
	w.args = append(w.args, n)
	return " limit $" + strconv.Itoa(len(w.args))
}

func (w *where) text() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " where " + strings.Join(w.conds, " and ")
}

// onlyLast keeps one row c of an entry that names a thing several times.
const onlyLast = `not exists (select 1 from audit_change d where d.entry_id = c.entry_id
	and d.thing_kind = c.thing_kind and d.thing_id = c.thing_id and d.n > c.n)`

// search returns the newest entries that match, driven by the index of the narrowest filter: words, then the
// thing, then whatever column of the entry is filtered for.
func (store) search(ctx context.Context, q db.Querier, f Filter, limit int) ([]Entry, error) {
	query, args, err := searchQuery(f, limit)
	if err != nil {
		return nil, err
	}
	return queryEntries(ctx, q, query, args)
}

func searchQuery(f Filter, limit int) (query string, args []any, err error) {
	w, from, key := &where{}, "audit_entry e", "e.at, e.id"
	words := []string(nil)
	if ids.Valid(f.Text) {
		w.add("e.request_id = ?", f.Text)
	} else {
		words = queryWords(f.Text)
	}
	switch {
	case len(words) > 0:
		from, key = "audit_word w join audit_entry e on e.id = w.entry_id", "w.at, w.entry_id"
		w.add("w.word = ?", words[0])
		for _, word := range words[1:] {
			w.add("exists (select 1 from audit_word x where x.word = ? and x.at = w.at and x.entry_id = w.entry_id)", word)
		}
		if f.ThingID != "" {
			w.add("exists (select 1 from audit_change c where c.entry_id = e.id and c.thing_kind = ? and c.thing_id = ?)", f.ThingKind, f.ThingID)
		}
	case f.ThingID != "":
		from, key = "audit_change c join audit_entry e on e.id = c.entry_id", "c.at, c.entry_id"
		w.add("c.thing_kind = ?", f.ThingKind)
		w.add("c.thing_id = ?", f.ThingID)
		w.add(onlyLast)
	}
	if err := addEntryConditions(w, f, key); err != nil {
		return "", nil, err
	}
	order := strings.ReplaceAll(key, ",", " desc,") + " desc"
	return `/* audit.search */ select ` + entryColumns + `, ` + key + ` from ` + from + w.text() + ` order by ` + order + w.limit(limit), w.args, nil
}

// addEntryConditions adds what is filtered for on the entry itself, and the place in the list. Time is compared
// on the index that drives the query.
func addEntryConditions(w *where, f Filter, key string) error {
	at, _, _ := strings.Cut(key, ",")
	driven := at != "e.at" // another table's index leads
	plain := func(column, value string) {
		if driven {
			column += " || ''" // hides the column's own index, which holds far more entries than the one that leads
		}
		w.add(column+" = ?", value)
		driven = true
	}
	if f.ActorID != "" {
		plain("e.actor_id", f.ActorID)
	}
	if f.Outcome != "" && f.Outcome != op.Done {
		if !driven {
			w.add("e.outcome <> 'done'") // lets both engines see that the partial index serves
		}
		plain("e.outcome", string(f.Outcome))
	}
	if f.Op != "" {
		plain("e.op", f.Op)
	}
	if f.Outcome == op.Done {
		w.add("e.outcome = ?", string(f.Outcome)) // has no index
	}
	if !f.From.IsZero() {
		w.add(at+" >= ?", db.At(f.From))
	}
	if !f.To.IsZero() {
		w.add(at+" < ?", db.At(f.To))
	}
	if f.Page.Cursor == "" {
		return nil
	}
	var last db.Time
	var id string
	if err := db.DecodeCursor(f.Page.Cursor, &last, &id); err != nil {
		return err
	}
	w.add("("+key+") < (?, ?)", last, id)
	return nil
}

func queryEntries(ctx context.Context, q db.Querier, query string, args []any) ([]Entry, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		var at db.Time
		var id string
		e, err := scanEntry(rows.Scan, &at, &id)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, db.MapError(rows.Err())
}

// firstChanges is how many things of an entry a list shows.
const firstChanges = 3

// loadFirstChanges fills in the first things of the entries, without values.
func (store) loadFirstChanges(ctx context.Context, q db.Querier, list []Entry) error {
	if len(list) == 0 {
		return nil
	}
	place, args := map[string]int{}, []any{firstChanges}
	for i, e := range list {
		place[e.ID] = i
		args = append(args, e.ID)
	}
	rows, err := q.QueryContext(ctx, `/* audit.firstChanges */
		select entry_id, thing_kind, thing_id, label from audit_change
		where n < $1 and entry_id in (`+db.In(len(list), 2)+`) order by entry_id, n`, args...)
	if err != nil {
		return db.MapError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var c Change
		if err := rows.Scan(&id, &c.Kind, &c.ID, &c.Label); err != nil {
			return db.MapError(err)
		}
		e := &list[place[id]]
		e.Changes = append(e.Changes, c)
	}
	return db.MapError(rows.Err())
}

// maxChanges is how many things of one entry are shown; Entry.Total tells how many there are.
const maxChanges = 500

func (store) changes(ctx context.Context, q db.Querier, entryID string) ([]Change, error) {
	rows, err := q.QueryContext(ctx, `/* audit.changes */
		select thing_kind, thing_id, label, before_json, after_json from audit_change
		where entry_id = $1 order by n limit $2`, entryID, maxChanges)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	var list []Change
	for rows.Next() {
		c, err := scanChange(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, db.MapError(rows.Err())
}

func scanChange(scan func(...any) error) (Change, error) {
	var c Change
	var before, after sql.NullString
	if err := scan(&c.Kind, &c.ID, &c.Label, &before, &after); err != nil {
		return Change{}, db.MapError(err)
	}
	c.Before, c.After = rawOf(before), rawOf(after)
	return c, nil
}

func rawOf(s sql.NullString) json.RawMessage {
	if !s.Valid {
		return nil
	}
	return json.RawMessage(s.String)
}

// history returns the newest entries about one thing. An entry that names it twice stands there once, with the
// last of its changes.
func (store) history(ctx context.Context, q db.Querier, in HistoryInput, limit int) ([]Entry, error) {
	w := &where{}
	w.add("c.thing_kind = ?", in.Kind)
	w.add("c.thing_id = ?", in.ID)
	if !in.Reads {
		w.add("(c.before_json is not null or c.after_json is not null)")
	}
	w.add(onlyLast)
	if in.Page.Cursor != "" {
		var last db.Time
		var id string
		if err := db.DecodeCursor(in.Page.Cursor, &last, &id); err != nil {
			return nil, err
		}
		w.add("(c.at, c.entry_id) < (?, ?)", last, id)
	}
	rows, err := q.QueryContext(ctx, `/* audit.history */ select `+entryColumns+`,
		c.thing_kind, c.thing_id, c.label, c.before_json, c.after_json
		from audit_change c join audit_entry e on e.id = c.entry_id`+w.text()+`
		order by c.at desc, c.entry_id desc`+w.limit(limit), w.args...)
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		var c Change
		var before, after sql.NullString
		e, err := scanEntry(rows.Scan, &c.Kind, &c.ID, &c.Label, &before, &after)
		if err != nil {
			return nil, err
		}
		c.Before, c.After = rawOf(before), rawOf(after)
		e.Changes = []Change{c}
		list = append(list, e)
	}
	return list, db.MapError(rows.Err())
}

func (store) overview(ctx context.Context, q db.Querier, since db.Time) (Overview, error) {
	var o Overview
	err := q.QueryRowContext(ctx, `/* audit.overview */ select
		(select count(*) from audit_entry where at >= $1),
		(select count(*) from audit_entry where outcome = 'refused' and outcome <> 'done' and at >= $1),
		(select count(*) from audit_entry where outcome = 'failed' and outcome <> 'done' and at >= $1)`,
		since).Scan(&o.Entries, &o.Refused, &o.Failed)
	return o, db.MapError(err)
}
