package op_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
)

var (
	specPut      = op.New("test.thing.put", op.Needs(permWrite))
	specSelf     = op.New("test.thing.put_own", op.For(op.SignedIn))
	specPublic   = op.New("test.thing.put_public", op.For(op.Public))
	specInternal = op.New("test.thing.put_internal", op.For(op.Internal))
)

func TestAccess(t *testing.T) {
	anonymous := func(t *testing.T) context.Context { return t.Context() }
	person := func(t *testing.T) context.Context { return as(t, "u1") }
	clerk := func(t *testing.T) context.Context { return as(t, "u1", permWrite) }
	program := func(t *testing.T) context.Context {
		return op.WithActor(t.Context(), op.Actor{Kind: op.Service, ID: "svc"})
	}
	system := func(t *testing.T) context.Context { return op.AsSystem(t.Context(), "test.schedule") }
	tests := []struct {
		name string
		spec *op.Spec
		as   func(t *testing.T) context.Context
		want error
	}{
		{"permitted, anonymous", specPut, anonymous, op.ErrSessionRequired},
		{"permitted, without it", specPut, person, op.ErrDenied},
		{"permitted, with it", specPut, clerk, nil},
		{"permitted, the system", specPut, system, nil},
		{"signed in, anonymous", specSelf, anonymous, op.ErrSessionRequired},
		{"signed in, a person", specSelf, person, nil},
		{"signed in, a service", specSelf, program, nil},
		{"public, anonymous", specPublic, anonymous, nil},
		{"internal, anonymous", specInternal, anonymous, op.ErrSessionRequired},
		{"internal, with every right", specInternal, clerk, op.ErrDenied},
		{"internal, the system", specInternal, system, nil},
	}
	each(t, func(t *testing.T, h *house) {
		for _, tt := range tests {
			before, counted := h.count(t, "test_audit"), h.metric(t, tt.spec.Name, "refused")
			ran := false
			_, err := op.Run(tt.as(t), h.runner, tt.spec, thingInput{ID: "a", Name: "n"},
				func(context.Context, *op.Tx, thingInput) (thing, error) { ran = true; return thing{}, nil })
			if !errors.Is(err, tt.want) || ran != (tt.want == nil) {
				t.Errorf("%s: error %v, body ran %v; want error %v", tt.name, err, ran, tt.want)
			}
			all := h.fullEntries(t)
			if len(all) != before+1 {
				t.Fatalf("%s: %d new audit entries, want 1", tt.name, len(all)-before)
			}
			last := all[len(all)-1]
			refused := tt.want != nil
			if (last.Outcome == op.Refused) != refused || (h.metric(t, tt.spec.Name, "refused") == counted+1) != refused {
				t.Errorf("%s: audited as %s %s, refused must be %v and counted", tt.name, last.Outcome, last.Code, refused)
			}
		}
	})
}

func TestValidationComesAfterAuthorisation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := op.Run(as(t, "u1"), h.runner, specPut, thingInput{ID: "a"}, putThing)
		wantErr(t, err, op.ErrDenied)
		if len(errs.From(err).Fields) > 0 {
			t.Error("who may not do it learned what is wrong with the input")
		}
		_, err = op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: "a"}, putThing)
		if e := errs.From(err); e.Code != errs.CodeInvalidInput || len(e.Fields) != 1 {
			t.Errorf("error = %v, want one invalid field", err)
		}
		h.wantEntries(t, "test.thing.put refused denied", "test.thing.put failed invalid_input")
		h.wantCount(t, "test_thing", 0)
	})
}

func TestSuccessIsAuditedAndTold(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := op.WithReason(op.WithRequest(as(t, "u1", permWrite), "req-1"), "as asked by phone")
		got, err := op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "lamp"}, putThing)
		must(t, err)
		if want := (thing{"a", "lamp", 1}); got != want {
			t.Errorf("answer %+v, want %+v", got, want)
		}
		all := h.fullEntries(t)
		if len(all) != 1 {
			t.Fatalf("%d entries, want 1", len(all))
		}
		e := all[0]
		if e.Outcome != op.Done || e.Reason != "as asked by phone" || e.RequestID != "req-1" || e.Actor.ID != "u1" || !e.At.Equal(noon) {
			t.Errorf("entry %+v", e)
		}
		want := []op.Change{{
			Thing: op.Thing{Kind: "test.thing", ID: "a", Label: "lamp"},
			After: map[string]any{"ID": "a", "Name": "lamp", "Version": 1.0},
		}}
		if diff := cmp.Diff(want, e.Changes); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		var kind, subject, actor, request string
		var at db.Time
		must(t, h.db.Reader().QueryRowContext(t.Context(),
			"select type, subject, actor_id, request_id, at from events_event").Scan(&kind, &subject, &actor, &request, &at))
		if kind != "test.thing_put" || subject != "a" || actor != "u1" || request != "req-1" || !at.Equal(noon) {
			t.Errorf("fact %s of %s by %s in %s at %s", kind, subject, actor, request, at)
		}
		if n := h.metric(t, "test.thing.put", "done"); n != 1 {
			t.Errorf("counted %v, want 1", n)
		}
	})
}

func TestFailureLeavesOnlyItsEntry(t *testing.T) {
	closed := errs.Define(errs.Conflict, "test.closed")
	each(t, func(t *testing.T, h *house) {
		_, err := op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: "a", Name: "n"},
			func(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
				th, err := putThing(ctx, tx, in)
				if err != nil {
					return th, err
				}
				return th, closed
			})
		wantErr(t, err, closed)
		h.wantCount(t, "test_thing", 0)
		h.wantCount(t, "events_event", 0)
		h.wantEntries(t, "test.thing.put failed test.closed")
		if e := h.fullEntries(t)[0]; len(e.Changes) > 0 {
			t.Errorf("the entry of a failure names changes: %+v", e.Changes)
		}
	})
}

func TestFailureGivesNoAnswer(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.audit.broken.Store(true)
		got, err := op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
		if err == nil || got != (thing{}) {
			t.Errorf("answer %+v, error %v; want none and an error", got, err)
		}
		h.wantCount(t, "test_thing", 0)
		h.wantCount(t, "events_event", 0)
		if !strings.Contains(h.logged.String(), "could not be audited") {
			t.Errorf("the last place left, the log, has nothing of it: %q", h.logged.String())
		}
	})
}

func TestPanicIsAuditedAndGoesOn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		func() {
			defer func() {
				if p := recover(); p != "ouch" {
					t.Errorf("recovered %v, want the panic of the body", p)
				}
			}()
			_, _ = op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: "a", Name: "n"},
				func(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
					if _, err := putThing(ctx, tx, in); err != nil {
						return thing{}, err
					}
					panic("ouch")
				})
		}()
		h.wantCount(t, "test_thing", 0)
		h.wantEntries(t, "test.thing.put failed internal")
		_, err := op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
		must(t, err) // the database is still usable
	})
}

func TestCancelledAttemptIsAudited(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, cancel := context.WithCancel(as(t, "u1", permWrite))
		_, err := op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "n"},
			func(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
				cancel()
				return thing{}, context.Canceled
			})
		wantErr(t, err, context.Canceled)
		h.wantEntries(t, "test.thing.put failed timeout")
	})
}

// A body that runs again after a collision must not leave its first run's words in the entry or the outbox.
func TestCollidingBodiesCountOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const callers = 8
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				_, err := op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var version int
		must(t, h.db.Reader().QueryRowContext(t.Context(), "select version from test_thing").Scan(&version))
		if version != callers {
			t.Errorf("version %d after %d operations", version, callers)
		}
		h.wantCount(t, "events_event", callers)
		for _, e := range h.fullEntries(t) {
			if len(e.Changes) != 1 {
				t.Errorf("an entry has %d changes, want 1", len(e.Changes))
			}
		}
	})
}

func TestABodyThatRunsAgainStartsAfresh(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if h.db.Engine() != db.Postgres {
			t.Skip("only on PostgreSQL a body runs again after a collision")
		}
		runs := 0
		ctx := op.WithKey(as(t, "u1", permWrite), "form-1")
		_, err := op.Run(ctx, h.runner, specRename, thingInput{ID: "a", Name: "n"},
			func(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
				th, err := rename(ctx, tx, in)
				if runs++; runs < 3 && err == nil {
					err = &pgconn.PgError{Code: "40001"} // as a commit that collides
				}
				return th, err
			})
		must(t, err)
		if n := len(h.fullEntries(t)[0].Changes); runs != 3 || n != 1 {
			t.Errorf("%d runs left %d changes in the entry, want 1", runs, n)
		}
		h.wantCount(t, "events_event", 1)
		h.wantCount(t, "op_undo", 1)
		h.wantCount(t, "op_key", 1)
	})
}

func TestTimeStandsStillWithinAnOperation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.clock.Set(noon.Add(1234 * time.Nanosecond).In(time.FixedZone("", 8*3600)))
		_, err := op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: "a", Name: "n"},
			func(_ context.Context, tx *op.Tx, _ thingInput) (thing, error) {
				first := tx.Now()
				h.clock.Advance(time.Second)
				if want := noon.Add(time.Microsecond); first != want || tx.Now() != want {
					t.Errorf("Now = %s, then %s; want %s", first, tx.Now(), want)
				}
				return thing{}, nil
			})
		must(t, err)
		if took := h.fullEntries(t)[0].Took; took < time.Second || took > time.Second+time.Millisecond {
			t.Errorf("took %s, want a second", took)
		}
	})
}
