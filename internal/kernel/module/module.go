package module

import (
	"context"
	"io/fs"

	"tongban/internal/kernel/events"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/op"
)

// Module describes one room.
type Module struct {
	Name          string
	Words         fs.FS // holds locales/zh-CN.yaml and en.yaml
	Operations    []op.Bound
	Facts         []string // the types of the facts it emits
	Subscriptions []events.Subscription
	Jobs          []jobs.Definition
	Topics        []Topic
	Part          Part // nil when nothing of it runs on its own
}

// Topic is something open pages can watch. They are told that it moved, never how, and fetch it again with their
// own rights.
type Topic struct {
	Name       string        // module.things
	Permission op.Permission // who may watch; empty: whoever is signed in
	Facts      []string      // the types of the facts that move it
}

// Part is something that runs on its own. The app starts parts in the order of its list and stops them in
// reverse.
type Part interface {
	// Start returns when the part runs. The part ends its goroutines when Stop is called, not when ctx ends.
	Start(ctx context.Context) error
	// Stop waits until the part has finished its work or ctx ends. It may be called unstarted and twice.
	Stop(ctx context.Context)
}
