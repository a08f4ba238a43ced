package audit

import (
	"context"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
)

// The operations. Whoever reads the log leaves a trace in it.
var (
	searchEntries = op.New("audit.entry.search", op.Needs(PermRead), op.ReadsPersonal())
	readEntry     = op.New("audit.entry.read", op.Needs(PermRead), op.ReadsPersonal())
	readHistory   = op.New("audit.thing.history", op.Needs(PermRead), op.ReadsPersonal())
	readOverview  = op.New("audit.overview.read", op.Needs(PermRead), op.Reads())
)

// The kinds of things in the entries about reading the log: the log as a whole, of which the label is the search, and
// one entry.
const (
	ThingLog   = "audit.log"
	ThingEntry = "audit.entry"
)

// maxPage is how many entries one page may have.
const maxPage = 200

// List is a page of entries, newest first.
type List struct {
	Entries []Entry `json:"entries"`
	Next    string  `json:"next,omitempty"` // the cursor of the next page; empty on the last one
}

// Search finds entries, newest first.
func (s *Service) Search(ctx context.Context, f Filter) (List, error) {
	return op.Query(ctx, s.ops, searchEntries, f, func(ctx context.Context, v *op.View, f Filter) (List, error) {
		v.Saw(op.Thing{Kind: ThingLog, ID: "search", Label: f.String()})
		var list List
		size := f.Page.Size(maxPage)
		rows, err := s.store.search(ctx, v, f, size+1)
		if err != nil {
			return List{}, err
		}
		list.Entries, list.Next = db.Cut(rows, size, entryKey)
		return list, s.store.loadFirstChanges(ctx, v, list.Entries)
	})
}

func entryKey(e Entry) []any { return []any{db.At(e.At), e.ID} }

// EntryRef names an entry.
type EntryRef struct {
	ID string `json:"id"`
}

// Entry returns one entry with all its values. ErrNotFound.
func (s *Service) Entry(ctx context.Context, in EntryRef) (Entry, error) {
	return op.Query(ctx, s.ops, readEntry, in, func(ctx context.Context, v *op.View, in EntryRef) (Entry, error) {
		e, err := s.store.entryByID(ctx, v, in.ID)
		if err != nil {
			return Entry{}, err
		}
		v.Saw(op.Thing{Kind: ThingEntry, ID: e.ID, Label: e.Op})
		e.Changes, err = s.store.changes(ctx, v, e.ID)
		return e, err
	})
}

// HistoryInput asks for what happened to one thing.
type HistoryInput struct {
	Kind  string  `json:"kind"`
	ID    string  `json:"id"`
	Reads bool    `json:"reads"` // also who looked at it
	Page  db.Page `json:"page"`
}

// Validate checks the form of the input.
func (in HistoryInput) Validate() error {
	var faults []errs.Field
	if in.Kind == "" {
		faults = append(faults, errs.Field{Name: "kind", Code: "required"})
	}
	if in.ID == "" {
		faults = append(faults, errs.Field{Name: "id", Code: "required"})
	}
	if err := errs.InvalidFields(faults...); err != nil {
		return err
	}
	return Filter{ThingKind: in.Kind, ThingID: in.ID}.Validate()
}

// History returns what happened to one thing, newest first, each entry with this thing's change alone.
func (s *Service) History(ctx context.Context, in HistoryInput) (List, error) {
	return op.Query(ctx, s.ops, readHistory, in, func(ctx context.Context, v *op.View, in HistoryInput) (List, error) {
		size := in.Page.Size(maxPage)
		rows, err := s.store.history(ctx, v, in, size+1)
		if err != nil {
			return List{}, err
		}
		var list List
		list.Entries, list.Next = db.Cut(rows, size, entryKey)
		seen := op.Thing{Kind: in.Kind, ID: in.ID}
		if len(list.Entries) > 0 {
			seen.Label = list.Entries[0].Changes[0].Label
		}
		v.Saw(seen)
		return list, nil
	})
}

// OverviewInput says since when to count.
type OverviewInput struct {
	Since time.Time `json:"since"`
}

// Overview is what the log counts since a moment.
type Overview struct {
	Entries int64 `json:"entries"`
	Refused int64 `json:"refused"`
	Failed  int64 `json:"failed"`
}

// Overview counts the entries since a moment, such as the start of the day.
func (s *Service) Overview(ctx context.Context, in OverviewInput) (Overview, error) {
	return op.Query(ctx, s.ops, readOverview, in, func(ctx context.Context, v *op.View, in OverviewInput) (Overview, error) {
		return s.store.overview(ctx, v, db.At(in.Since))
	})
}

// Recent returns the latest changes of one thing as the pipeline's own entries, for the pages of the module that
// owns it. It needs the same permission as History.
func (s *Service) Recent(ctx context.Context, thing op.Thing, limit int) ([]op.Entry, error) {
	list, err := s.History(ctx, HistoryInput{Kind: thing.Kind, ID: thing.ID, Page: db.Page{Limit: limit}})
	if err != nil {
		return nil, err
	}
	entries := make([]op.Entry, len(list.Entries))
	for i, e := range list.Entries {
		c := e.Changes[0]
		entries[i] = op.Entry{
			ID: e.ID, At: e.At, Op: e.Op, Outcome: e.Outcome, Code: e.Code, Reason: e.Reason, RequestID: e.RequestID, Took: e.Took,
			Actor: op.Actor{
				Kind: e.ActorKind, ID: e.Actor.ID, Name: e.Actor.Name, OnBehalf: e.OnBehalf.ID, OnBehalfName: e.OnBehalf.Name,
				Session: e.Session, Device: e.Device, Addr: e.Addr,
			},
			Changes: []op.Change{{Thing: op.Thing{Kind: c.Kind, ID: c.ID, Label: c.Label}, Before: c.Before, After: c.After}},
		}
	}
	return entries, nil
}
