package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
)

// Recorder appends entries. It is the Auditor of the operation pipeline and needs nothing of its own, because
// it writes in the caller's transaction.
type Recorder struct{ store store }

// Record appends the entry with its changes and words.
func (r Recorder) Record(ctx context.Context, q db.Querier, e op.Entry) error {
	changes := make([]changeRow, len(e.Changes))
	for i, c := range e.Changes {
		row, err := newChangeRow(e, i, c)
		if err != nil {
			return fmt.Errorf("record %s of %s: %w", c.Thing.Kind, e.Op, err)
		}
		changes[i] = row
	}
	if err := r.store.insertEntry(ctx, q, e); err != nil {
		return fmt.Errorf("record %s: %w", e.Op, err)
	}
	if err := r.store.insertChanges(ctx, q, changes); err != nil {
		return fmt.Errorf("record changes of %s: %w", e.Op, err)
	}
	if err := r.store.insertWords(ctx, q, e, entryWords(e)); err != nil {
		return fmt.Errorf("record words of %s: %w", e.Op, err)
	}
	return nil
}

// wordThings is how many of an entry's things are found by their labels; an operation on more is found by the
// first of them and by the history of each.
const wordThings = 200

func entryWords(e op.Entry) []string {
	texts := []string{clean(e.Actor.Name, maxText), clean(e.Reason, maxText)}
	for _, c := range e.Changes[:min(len(e.Changes), wordThings)] {
		texts = append(texts, clean(c.Thing.Label, maxText))
	}
	return indexWords(texts...)
}

// changeRow is a row of audit_change.
type changeRow struct {
	entryID       string
	n             int
	at            db.Time
	thing         op.Thing
	before, after *string
}

func newChangeRow(e op.Entry, n int, c op.Change) (changeRow, error) {
	before, err := encodeValue(c.Before)
	if err != nil {
		return changeRow{}, err
	}
	after, err := encodeValue(c.After)
	if err != nil {
		return changeRow{}, err
	}
	return changeRow{entryID: e.ID, n: n, at: db.At(e.At), before: before, after: after, thing: op.Thing{
		Kind: clean(c.Thing.Kind, maxShort), ID: clean(c.Thing.ID, maxShort), Label: clean(c.Thing.Label, maxText),
	}}, nil
}

// encodeValue returns v as the JSON text that is kept; nil for a nil value.
func encodeValue(v any) (*string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if string(raw) == "null" {
		return nil, nil
	}
	if raw, err = cutValue(raw); err != nil {
		return nil, err
	}
	s := clean(string(raw), len(raw)) // NUL cannot be in JSON, but PostgreSQL also refuses broken UTF-8
	return &s, nil
}
