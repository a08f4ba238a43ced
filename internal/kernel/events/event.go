package events

import (
	"encoding/json"
	"time"
)

// Fact is something that happened, as the operation that did it tells it. Its type is in the past tense and
// starts with the module's name.
type Fact struct {
	Type    string // e.g. "identity.account_disabled"
	Subject string // the id of the thing it happened to; facts of one subject are delivered in order
	Data    any    // what reactions need, as JSON; no secrets
}

// Event is a stored fact, as subscribers receive it.
type Event struct {
	ID        string
	Type      string
	Subject   string
	Seq       int64 // 1, 2, 3 … within the subject
	Position  int64 // ascending over all events, in the order of delivery
	Data      json.RawMessage
	At        time.Time
	ActorID   string
	RequestID string
}

// Decode reads the event's data into v.
func (e Event) Decode(v any) error { return json.Unmarshal(e.Data, v) }
