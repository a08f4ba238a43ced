package op

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"time"
)

// Permission is a right that roles grant, e.g. "identity.account.write". Its name in the user's language is the
// translation "perm." + the permission.
type Permission string

// Access says who may run an operation at all.
type Access int

// The kinds of access.
const (
	Permitted Access = iota // whoever holds the operation's permission
	SignedIn                // any signed-in person or service, for what concerns themselves
	Public                  // anybody, also without signing in
	Internal                // the program itself only: schedules and reactions to events
)

// Spec declares an operation. It does not change after New.
type Spec struct {
	Name       string // module.thing.verb; its name in the user's language is the translation "op." + Name
	Permission Permission
	Access     Access
	Serious    bool          // has to be confirmed
	UndoFor    time.Duration // how long it can be taken back; zero: it cannot
	Reads      bool          // a read: runs on the read pool
	Personal   bool          // a read of personal data: audited though it changes nothing
	Secret     bool          // its answer is never stored, so a repetition is refused instead of answered again
}

// Option completes a declaration.
type Option func(*Spec)

// Needs demands a permission.
func Needs(p Permission) Option { return func(s *Spec) { s.Permission = p } }

// For sets the access of an operation that needs no permission.
func For(a Access) Option { return func(s *Spec) { s.Access = a } }

// Serious demands a confirmation that names the effect.
func Serious() Option { return func(s *Spec) { s.Serious = true } }

// Reversible lets the actor take the operation back for a day.
func Reversible() Option { return func(s *Spec) { s.UndoFor = 24 * time.Hour } }

// Reads declares a read.
func Reads() Option { return func(s *Spec) { s.Reads = true } }

// ReadsPersonal declares a read of personal data, which is audited.
func ReadsPersonal() Option { return func(s *Spec) { s.Reads, s.Personal = true, true } }

// Secret keeps the answer out of the store of idempotency keys.
func Secret() Option { return func(s *Spec) { s.Secret = true } }

var nameForm = regexp.MustCompile(`^[a-z]+\.[a-z_]+\.[a-z_]+$`)

// New declares an operation. It panics on a name of the wrong form and on an operation that names neither a
// permission nor another access, because both are mistakes in the program's text.
func New(name string, options ...Option) *Spec {
	s := &Spec{Name: name}
	for _, o := range options {
		o(s)
	}
	if !nameForm.MatchString(name) {
		panic("op: name " + name + " is not module.thing.verb")
	}
	if (s.Access == Permitted) == (s.Permission == "") {
		panic("op: " + name + " needs a permission or another access, not both")
	}
	return s
}

// Bound is an operation joined with the method that runs it, so that it can be called by name: by the undo of
// another operation, by the test that walks all operations, and by the permission screen.
type Bound struct {
	Spec *Spec
	In   reflect.Type // the input
	call func(ctx context.Context, in json.RawMessage) (any, error)
}

// Bind joins an operation with its method.
func Bind[In, Out any](s *Spec, method func(context.Context, In) (Out, error)) Bound {
	return Bound{Spec: s, In: reflect.TypeFor[In](), call: func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, fmt.Errorf("decode the input of %s: %w", s.Name, err)
		}
		return method(ctx, in)
	}}
}

// Call runs the operation with an input in JSON, as the actor of ctx.
func (b Bound) Call(ctx context.Context, in json.RawMessage) (any, error) { return b.call(ctx, in) }

// None is the input of an operation that needs none, and the answer of one that has none.
type None struct{}
