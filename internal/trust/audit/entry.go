package audit

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
)

// Party is a person, program or company in an entry, as it was called then.
type Party struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Entry is one recorded attempt.
type Entry struct {
	ID        string        `json:"id"`
	At        time.Time     `json:"at"`
	Op        string        `json:"op"`
	Outcome   op.Outcome    `json:"outcome"`
	Code      string        `json:"code,omitempty"`
	ActorKind op.ActorKind  `json:"actor_kind"`
	Actor     Party         `json:"actor"`
	OnBehalf  Party         `json:"on_behalf"`
	Session   string        `json:"session,omitempty"`
	Device    string        `json:"device,omitempty"`
	Addr      string        `json:"addr,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	RequestID string        `json:"request_id,omitempty"`
	UndoOf    string        `json:"undo_of,omitempty"`
	Took      time.Duration `json:"took"`
	Total     int           `json:"total"`   // how many things it was about
	Changes   []Change      `json:"changes"` // in a list only the first few, without their values
}

// Change is what happened to one thing. Without before and after the thing was only read.
type Change struct {
	Kind   string          `json:"kind"`
	ID     string          `json:"id"`
	Label  string          `json:"label"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Limits in characters and bytes. What is longer is cut visibly.
const (
	maxText  = 500      // characters of a reason, a label or a name
	maxShort = 200      // characters of a device, an address or an id
	maxValue = 64 << 10 // bytes of a before or after
	keepCut  = 8 << 10  // bytes kept of a value that is longer
)

// Cut stands in an entry for a value that was too long to keep.
type Cut struct {
	Bytes int    `json:"cut_from_bytes"` // the size of the whole value
	Start string `json:"start"`          // its beginning, as text
}

// cutValue returns raw, or the Cut that stands for it.
func cutValue(raw []byte) ([]byte, error) {
	if len(raw) <= maxValue {
		return raw, nil
	}
	start := raw[:keepCut]
	for len(start) > 0 && !utf8.Valid(start) {
		start = start[:len(start)-1]
	}
	return json.Marshal(Cut{Bytes: len(raw), Start: string(start)})
}

// clean returns s as text both engines store: valid UTF-8 without NUL, at most limit characters, ending in "…"
// when it was longer.
func clean(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	r := []rune(s)
	return string(r[:limit-1]) + "…"
}

// Filter says which entries are wanted; what is empty does not restrict.
type Filter struct {
	ActorID   string     `json:"actor,omitempty"`
	Op        string     `json:"op,omitempty"`
	Outcome   op.Outcome `json:"outcome,omitempty"`
	ThingKind string     `json:"kind,omitempty"`
	ThingID   string     `json:"thing,omitempty"` // the two go together
	From      time.Time  `json:"from,omitzero"`
	To        time.Time  `json:"to,omitzero"` // exclusive
	Text      string     `json:"q,omitempty"` // words of label, reason or actor's name; or a request's id
	Page      db.Page    `json:"-"`
}

// maxQuery is how many characters a filter may have.
const maxQuery = 100

// Validate checks the form of the filter.
func (f Filter) Validate() error {
	var faults []errs.Field
	for name, v := range map[string]string{"actor": f.ActorID, "op": f.Op, "kind": f.ThingKind, "thing": f.ThingID, "q": f.Text} {
		if utf8.RuneCountInString(v) > maxQuery {
			faults = append(faults, errs.Field{Name: name, Code: "too_long", Params: map[string]any{"max": maxQuery}})
		} else if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			faults = append(faults, errs.Field{Name: name, Code: "bad_format"})
		}
	}
	switch f.Outcome {
	case "", op.Done, op.Refused, op.Failed:
	default:
		faults = append(faults, errs.Field{Name: "outcome", Code: "not_a_choice"})
	}
	if f.ThingID != "" && f.ThingKind == "" {
		faults = append(faults, errs.Field{Name: "kind", Code: "required"})
	}
	if f.ThingID == "" && f.ThingKind != "" {
		faults = append(faults, errs.Field{Name: "thing", Code: "required"})
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		faults = append(faults, errs.Field{Name: "to", Code: "audit.time_order"})
	}
	if strings.TrimSpace(f.Text) != "" && !ids.Valid(f.Text) && len(queryWords(f.Text)) == 0 {
		faults = append(faults, errs.Field{Name: "q", Code: "audit.text_too_short"})
	}
	return errs.InvalidFields(faults...)
}

// String describes the filter, for the entry about the search itself.
func (f Filter) String() string {
	raw, err := json.Marshal(f)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
