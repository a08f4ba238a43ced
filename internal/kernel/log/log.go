package log

import (
	"context"
	"io"
	"log/slog"
)

// Format is how lines are written.
type Format string

// The formats: Text is key=value for people, JSON one object a line for collectors.
const (
	Text Format = "text"
	JSON Format = "json"
)

// New returns a logger that writes lines of at least level to w. An unknown format is Text. Writes to w are
// serialised; each line is one Write.
func New(w io.Writer, level slog.Leveler, format Format) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: clean}
	if format == JSON {
		return slog.New(handler{base: slog.NewJSONHandler(w, options)})
	}
	return slog.New(handler{base: slog.NewTextHandler(w, options)})
}

// Discard returns a logger that writes nothing.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

type contextKey int

const (
	requestKey contextKey = iota
	actorKey
	opKey
)

// The names under which the values of a context stand in a line.
var contextAttrs = [...]struct {
	key  contextKey
	name string
}{{requestKey, "request_id"}, {actorKey, "actor_id"}, {opKey, "op"}}

// WithRequest returns a context whose log lines carry the request's id.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey, id)
}

// Request returns the request's id, or nothing.
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

// WithActor returns a context whose log lines carry the id of who acts: an id, never a name.
func WithActor(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, actorKey, id)
}

// WithOp returns a context whose log lines carry the name of the running operation.
func WithOp(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, opKey, name)
}

// handler adds the values of the context. It keeps groups to itself until a line is written, so that those
// values stand at the top level whatever group the logger is in.
type handler struct {
	base   slog.Handler
	groups []group
}

type group struct {
	name  string
	attrs []slog.Attr
}

func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.base.Enabled(ctx, level)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if len(h.groups) == 0 {
		return handler{base: h.base.WithAttrs(attrs)}
	}
	groups := append([]group(nil), h.groups...)
	last := &groups[len(groups)-1]
	last.attrs = append(last.attrs[:len(last.attrs):len(last.attrs)], attrs...)
	return handler{base: h.base, groups: groups}
}

func (h handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return handler{base: h.base, groups: append(h.groups[:len(h.groups):len(h.groups)], group{name: name})}
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if len(h.groups) > 0 {
		r = h.nest(r)
	} else {
		r = r.Clone()
	}
	for _, a := range contextAttrs {
		if id, ok := ctx.Value(a.key).(string); ok && id != "" {
			r.AddAttrs(slog.String(a.name, id))
		}
	}
	return h.base.Handle(ctx, r)
}

// nest returns r with its attributes inside the open groups.
func (h handler) nest(r slog.Record) slog.Record {
	inner := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		inner = append(inner, a)
		return true
	})
	for i := len(h.groups) - 1; i >= 0; i-- {
		g := h.groups[i]
		all := append(g.attrs[:len(g.attrs):len(g.attrs)], inner...)
		inner = []slog.Attr{{Key: g.name, Value: slog.GroupValue(all...)}}
	}
	nested := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	nested.AddAttrs(inner...)
	return nested
}
