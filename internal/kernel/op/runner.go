package op

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/log"
)

//go:embed migrations
var migrations embed.FS

// Migrations are the tables of this package.
func Migrations() db.MigrationSet { return db.MigrationSet{Module: "op", FS: migrations} }

// Clock tells the time.
type Clock interface{ Now() time.Time }

// Deps is what a Runner needs.
type Deps struct {
	DB      *db.DB
	Clock   Clock
	Audit   Auditor
	Events  *events.Outbox
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Tracer  trace.Tracer
	Key     []byte // secret; signs confirmations and binds idempotency keys to inputs
}

// Runner runs operations. It is safe for concurrent use.
type Runner struct {
	Deps
	knocks  knocks
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

// NewRunner returns a Runner. It fails when the metrics are registered already.
func NewRunner(d Deps) (*Runner, error) {
	r := &Runner{
		Deps: d,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tongban_operations_total", Help: "Attempts at operations, by outcome.",
		}, []string{"op", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tongban_operation_seconds", Help: "Time an attempt took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"op"}),
	}
	if err := errors.Join(d.Metrics.Register(r.total), d.Metrics.Register(r.seconds)); err != nil {
		return nil, fmt.Errorf("register operation metrics: %w", err)
	}
	return r, nil
}

// attempt is one try of one actor at one operation.
type attempt struct {
	r     *Runner
	spec  *Spec
	entry Entry
	span  trace.Span
}

func (r *Runner) begin(ctx context.Context, s *Spec) (context.Context, *attempt) {
	ctx, span := r.Tracer.Start(ctx, s.Name, trace.WithAttributes(attribute.String("op", s.Name)))
	ctx = log.WithOp(log.WithActor(ctx, ActorFrom(ctx).ID), s.Name)
	reason, _ := ctx.Value(reasonKey).(string)
	undo, _ := ctx.Value(undoKey).(string)
	return ctx, &attempt{r: r, spec: s, span: span, entry: Entry{
		ID: ids.New(), At: r.Clock.Now().UTC().Truncate(time.Microsecond), Op: s.Name,
		Actor: ActorFrom(ctx), Reason: reason, RequestID: RequestFrom(ctx), UndoOf: undo,
	}}
}

// admit authorises the actor and then validates the input, so that an actor who may not do it learns nothing
// about the input.
func (a *attempt) admit(in any) error {
	if !a.entry.Actor.may(a.spec) {
		if a.entry.Actor.Kind == Anonymous {
			return ErrSessionRequired
		}
		return ErrDenied
	}
	if v, ok := in.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// end counts and traces the attempt, and audits it when it did not succeed. A successful one was audited in its
// own transaction.
func (a *attempt) end(ctx context.Context, err error) {
	defer a.span.End()
	a.entry.Took = a.r.Clock.Now().Sub(a.entry.At)
	a.r.seconds.WithLabelValues(a.spec.Name).Observe(a.entry.Took.Seconds())
	a.entry.Outcome, a.entry.Code = outcome(err)
	a.r.total.WithLabelValues(a.spec.Name, string(a.entry.Outcome)).Inc()
	var unconfirmed *NeedsConfirmation
	if err == nil || errors.As(err, &unconfirmed) {
		return // asking what would happen is not yet an attempt
	}
	a.span.SetStatus(codes.Error, a.entry.Code)
	a.entry.Changes = nil
	if a.entry.Actor.Kind == Anonymous && errors.Is(err, ErrSessionRequired) {
		first, missed := a.r.knocks.first(a.entry)
		if !first {
			return
		}
		if missed > 0 {
			a.entry.Reason = fmt.Sprintf("+%d", missed)
		}
	}
	a.record(context.WithoutCancel(ctx))
}

// endWith ends the attempt with the body's error or, after it was audited too, goes on with its panic.
func (a *attempt) endWith(ctx context.Context, err error, panicked any) {
	if panicked == nil {
		a.end(ctx, err)
		return
	}
	a.end(ctx, fmt.Errorf("operation %s panicked: %v", a.spec.Name, panicked))
	panic(panicked)
}

func outcome(err error) (Outcome, string) {
	if err == nil {
		return Done, ""
	}
	e := errs.From(err)
	if e.Kind == errs.Denied {
		return Refused, e.Code
	}
	return Failed, e.Code
}

// record audits an attempt that left no transaction behind. When even that fails, as on a full disk, the log is
// the last place left.
func (a *attempt) record(ctx context.Context) {
	err := a.r.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		return a.r.Audit.Record(ctx, q, a.entry)
	})
	if err != nil {
		a.r.Log.ErrorContext(ctx, "an attempt could not be audited",
			"op", a.spec.Name, "outcome", a.entry.Outcome, "code", a.entry.Code, "actor", a.entry.Actor, "error", err)
	}
}

// Run does an operation that changes something; see the package comment. Besides the body's own errors it
// returns ErrDenied, ErrSessionRequired, *NeedsConfirmation, ErrKeyReused, ErrAlreadyDone and ErrUndoGone.
func Run[In, Out any](ctx context.Context, r *Runner, s *Spec, in In,
	body func(context.Context, *Tx, In) (Out, error),
) (out Out, err error) {
	ctx, a := r.begin(ctx, s)
	defer func() { a.endWith(ctx, err, recover()) }()
	if err = a.admit(in); err != nil {
		return out, err
	}
	mac, err := r.mac(s.Name, in)
	if err != nil {
		return out, err
	}
	err = r.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		tx := &Tx{Querier: q, attempt: a, inputMAC: mac}
		a.entry.Changes = nil // the transaction may run again
		done, err := tx.claim(ctx, &out)
		if done || err != nil {
			return err
		}
		if out, err = body(ctx, tx, in); err != nil {
			return err
		}
		return tx.finish(ctx, out)
	})
	if err != nil {
		*receiptFrom(ctx) = Receipt{} // what the body put there was rolled back
		var none Out
		return none, err
	}
	return out, nil
}

// Query does an operation that only reads. A read of personal data is audited before its answer is given.
func Query[In, Out any](ctx context.Context, r *Runner, s *Spec, in In,
	body func(context.Context, *View, In) (Out, error),
) (out Out, err error) {
	ctx, a := r.begin(ctx, s)
	defer func() { a.endWith(ctx, err, recover()) }()
	if err = a.admit(in); err != nil {
		return out, err
	}
	v := &View{Querier: r.DB.Reader()}
	if out, err = body(ctx, v, in); err != nil || !s.Personal {
		return out, err
	}
	a.entry.Outcome = Done
	for _, t := range v.seen {
		a.entry.Changes = append(a.entry.Changes, Change{Thing: t})
	}
	err = r.DB.Write(ctx, func(ctx context.Context, q db.Querier) error { return r.Audit.Record(ctx, q, a.entry) })
	if err != nil {
		var none Out
		return none, fmt.Errorf("audit %s: %w", s.Name, err)
	}
	return out, nil
}

// View is what the body of a Query reads from.
type View struct {
	db.Querier
	seen []Thing
}

// Saw names the things whose personal data were read, for the audit entry.
func (v *View) Saw(things ...Thing) { v.seen = append(v.seen, things...) }

// mac is the keyed digest of an operation and its input. It stands where the input itself must not, because
// inputs hold passwords.
func (r *Runner) mac(name string, parts ...any) (string, error) {
	h := hmac.New(sha256.New, r.Key)
	h.Write([]byte(name))
	for _, p := range parts {
		raw, err := json.Marshal(p)
		if err != nil {
			return "", fmt.Errorf("encode the input of %s: %w", name, err)
		}
		h.Write([]byte{0})
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
