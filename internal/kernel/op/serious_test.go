package op_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tongban/internal/kernel/op"
)

var specDrop = op.New("test.thing.drop", op.Needs(permWrite), op.Serious())

// drop deletes all things after the actor confirmed how many these are.
func drop(ctx context.Context, tx *op.Tx, _ thingInput) (int, error) {
	var n int
	if err := tx.QueryRowContext(ctx, "select count(*) from test_thing").Scan(&n); err != nil {
		return 0, err
	}
	if err := tx.Confirm(ctx, op.Effect{Key: "test.drop", Value: map[string]any{"n": n}, Names: []string{"lamp"}, Type: "drop"}); err != nil {
		return 0, err
	}
	_, err := tx.ExecContext(ctx, "delete from test_thing")
	return n, err
}

// askedFor runs drop without a confirmation and returns what has to be confirmed.
func (h *house) askedFor(t *testing.T, ctx context.Context) *op.NeedsConfirmation {
	t.Helper()
	_, err := op.Run(ctx, h.runner, specDrop, thingInput{Name: "all"}, drop)
	var ask *op.NeedsConfirmation
	if !errors.As(err, &ask) {
		t.Fatalf("error = %v, want *NeedsConfirmation", err)
	}
	return ask
}

func (h *house) put(t *testing.T, id string) {
	t.Helper()
	_, err := op.Run(as(t, "u1", permWrite), h.runner, specPut, thingInput{ID: id, Name: "n"}, putThing)
	must(t, err)
}

func TestSeriousOperationIsConfirmed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.put(t, "a")
		ctx := as(t, "u1", permWrite)
		ask := h.askedFor(t, ctx)
		wantErr(t, ask, op.ErrConfirmationRequired)
		if ask.Spec != specDrop || ask.Effect.Value["n"] != 1 {
			t.Errorf("asked about %+v", ask.Effect)
		}
		h.wantEntries(t, "test.thing.put done") // asking is not an attempt
		n, err := op.Run(op.WithConfirmation(ctx, op.Confirmation{Token: ask.Token, Typed: " drop "}),
			h.runner, specDrop, thingInput{Name: "all"}, drop)
		must(t, err)
		if n != 1 {
			t.Errorf("dropped %d, want 1", n)
		}
		h.wantCount(t, "test_thing", 0)
		h.wantEntries(t, "test.thing.put done", "test.thing.drop done")
	})
}

// answer is how an actor answers a question: as whom, with what and for which input.
type answer struct {
	ctx context.Context
	op.Confirmation
	in thingInput
}

func TestConfirmationHoldsForOneEffectOnly(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, h *house, a *answer)
	}{
		{"the effect changed", func(t *testing.T, h *house, _ *answer) { h.put(t, "b") }},
		{"another actor", func(t *testing.T, _ *house, a *answer) { a.ctx = as(t, "u2", permWrite) }},
		{"another session", func(_ *testing.T, _ *house, a *answer) {
			actor := op.ActorFrom(a.ctx)
			actor.Session = "another"
			a.ctx = op.WithActor(a.ctx, actor)
		}},
		{"another input", func(_ *testing.T, _ *house, a *answer) { a.in.Name = "some" }},
		{"too late", func(_ *testing.T, h *house, _ *answer) { h.clock.Advance(5*time.Minute + time.Microsecond) }},
		{"typed something else", func(_ *testing.T, _ *house, a *answer) { a.Typed = "dorp" }},
		{"typed nothing", func(_ *testing.T, _ *house, a *answer) { a.Typed = "" }},
		{"a longer life written into it", func(_ *testing.T, _ *house, a *answer) {
			_, mac, _ := strings.Cut(a.Token, ".")
			a.Token = "99999999999999999." + mac
		}},
		{"junk", func(_ *testing.T, _ *house, a *answer) { a.Token = "junk" }},
		{"nothing", func(_ *testing.T, _ *house, a *answer) { a.Token = "" }},
	}
	each(t, func(t *testing.T, h *house) {
		for _, tt := range tests {
			h.put(t, "a")
			ctx := as(t, "u1", permWrite)
			a := answer{ctx, op.Confirmation{Token: h.askedFor(t, ctx).Token, Typed: "drop"}, thingInput{Name: "all"}}
			tt.change(t, h, &a)
			_, err := op.Run(op.WithConfirmation(a.ctx, a.Confirmation), h.runner, specDrop, a.in, drop)
			var again *op.NeedsConfirmation
			if !errors.Is(err, op.ErrConfirmationStale) || !errors.As(err, &again) {
				t.Errorf("%s: error = %v, want to be asked anew", tt.name, err)
			}
			if h.count(t, "test_thing") == 0 {
				t.Errorf("%s: it was done", tt.name)
			}
		}
	})
}

func TestForgottenConfirmationFails(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := op.Run(as(t, "u1", permWrite), h.runner, specDrop, thingInput{ID: "a", Name: "n"}, putThing)
		if err == nil || !strings.Contains(err.Error(), "asked for no confirmation") {
			t.Errorf("error = %v", err)
		}
		h.wantCount(t, "test_thing", 0)
		h.wantEntries(t, "test.thing.drop failed internal")
	})
}

var (
	specRename   = op.New("test.thing.rename", op.Needs(permWrite), op.Reversible())
	specRenameIt = op.New("test.thing.rename_back", op.Needs(permWrite))
)

// rename is putThing that can be taken back by naming the thing "before".
func rename(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
	if err := tx.Undo(ctx, specRenameIt, thingInput{ID: in.ID, Name: "before"}); err != nil {
		return thing{}, err
	}
	return putThing(ctx, tx, in)
}

// registry joins what the tests of undo need.
func (h *house) registry(t *testing.T) *op.Registry {
	t.Helper()
	g, err := op.NewRegistry(h.runner, []op.Bound{
		op.Bind(specRename, func(ctx context.Context, in thingInput) (thing, error) {
			return op.Run(ctx, h.runner, specRename, in, rename)
		}),
		op.Bind(specRenameIt, func(ctx context.Context, in thingInput) (thing, error) {
			return op.Run(ctx, h.runner, specRenameIt, in, putThing)
		}),
	})
	must(t, err)
	return g
}

func (h *house) rename(t *testing.T) op.Receipt {
	t.Helper()
	var r op.Receipt
	_, err := op.Run(op.WithReceipt(as(t, "u1", permWrite), &r), h.runner, specRename, thingInput{ID: "a", Name: "after"}, rename)
	must(t, err)
	return r
}

func (h *house) nameOf(t *testing.T, id string) string {
	t.Helper()
	var name string
	must(t, h.db.Reader().QueryRowContext(t.Context(), "select name from test_thing where id = $1", id).Scan(&name))
	return name
}

func TestUndo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g, r := h.registry(t), h.rename(t)
		if r.UndoID == "" || !r.UndoUntil.Equal(noon.Add(24*time.Hour)) {
			t.Fatalf("receipt %+v", r)
		}
		spec, err := g.Undo(as(t, "u1", permWrite), r.UndoID)
		must(t, err)
		if spec != specRenameIt || h.nameOf(t, "a") != "before" {
			t.Errorf("undo ran %v and left %q", spec, h.nameOf(t, "a"))
		}
		all := h.fullEntries(t)
		if last := all[len(all)-1]; last.UndoOf != r.UndoID || last.Op != "test.thing.rename_back" {
			t.Errorf("entry of the undo: %+v", last)
		}
		_, err = g.Undo(as(t, "u1", permWrite), r.UndoID)
		wantErr(t, err, op.ErrUndoGone)
	})
}

func TestUndoIsRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g := h.registry(t)
		r := h.rename(t)
		_, err := g.Undo(as(t, "u2", permWrite), r.UndoID)
		wantErr(t, err, op.ErrUndoGone)
		_, err = g.Undo(as(t, "u1"), r.UndoID) // lost the right meanwhile
		wantErr(t, err, op.ErrDenied)
		_, err = g.Undo(as(t, "u1", permWrite), "no-such-id")
		wantErr(t, err, op.ErrUndoGone)
		h.clock.Advance(24 * time.Hour)
		_, err = g.Undo(as(t, "u1", permWrite), r.UndoID)
		wantErr(t, err, op.ErrUndoGone)
		if got := h.nameOf(t, "a"); got != "after" {
			t.Errorf("name %q, want it untouched", got)
		}
	})
}

func TestUndoInParallelHappensOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		g, r := h.registry(t), h.rename(t)
		answers := make(chan error, 6)
		for range cap(answers) {
			go func() {
				_, err := g.Undo(as(t, "u1", permWrite), r.UndoID)
				answers <- err
			}()
		}
		done := 0
		for range cap(answers) {
			if err := <-answers; err == nil {
				done++
			} else {
				wantErr(t, err, op.ErrUndoGone)
			}
		}
		if done != 1 {
			t.Errorf("undone %d times", done)
		}
	})
}

// An undo that fails can be tried again.
func TestFailedUndoIsNotUsedUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := h.rename(t)
		fail := true
		g, err := op.NewRegistry(h.runner, []op.Bound{op.Bind(specRenameIt, func(ctx context.Context, in thingInput) (thing, error) {
			return op.Run(ctx, h.runner, specRenameIt, in, func(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
				if fail {
					return thing{}, errors.New("not now")
				}
				return putThing(ctx, tx, in)
			})
		})})
		must(t, err)
		if _, err := g.Undo(as(t, "u1", permWrite), r.UndoID); err == nil {
			t.Error("want an error")
		}
		fail = false
		_, err = g.Undo(as(t, "u1", permWrite), r.UndoID)
		must(t, err)
	})
}

func TestForgottenUndoFails(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := op.Run(as(t, "u1", permWrite), h.runner, specRename, thingInput{ID: "a", Name: "n"}, putThing)
		if err == nil || !strings.Contains(err.Error(), "left no undo") {
			t.Errorf("error = %v", err)
		}
		h.wantCount(t, "test_thing", 0)
		h.wantEntries(t, "test.thing.rename failed internal")
	})
}

// A receipt must not promise an undo that was rolled back.
func TestFailureLeavesNoReceipt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var r op.Receipt
		_, err := op.Run(op.WithReceipt(as(t, "u1", permWrite), &r), h.runner, specRename, thingInput{ID: "a", Name: "n"},
			func(ctx context.Context, tx *op.Tx, in thingInput) (thing, error) {
				if _, err := rename(ctx, tx, in); err != nil {
					return thing{}, err
				}
				return thing{}, errors.New("no")
			})
		if err == nil || r != (op.Receipt{}) {
			t.Errorf("error %v, receipt %+v; want an error and nothing", err, r)
		}
	})
}
