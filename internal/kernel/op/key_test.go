package op_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongban/internal/kernel/op"
)

func TestKeyAnswersAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := op.WithKey(as(t, "u1", permWrite), "form-1")
		first, err := op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
		must(t, err)
		var receipt op.Receipt
		again, err := op.Run(op.WithReceipt(ctx, &receipt), h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
		must(t, err)
		if again != first || !receipt.Replayed {
			t.Errorf("second answer %+v, replayed %v; want %+v again", again, receipt.Replayed, first)
		}
		h.wantCount(t, "events_event", 1)
		h.wantEntries(t, "test.thing.put done")
	})
}

func TestKeyInParallelHasOneEffect(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := op.WithKey(as(t, "u1", permWrite), "form-1")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				got, err := op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
				if err != nil || got.Version != 1 {
					t.Errorf("answer %+v, error %v; want version 1 for everybody", got, err)
				}
			})
		}
		all.Wait()
		h.wantCount(t, "events_event", 1)
		h.wantEntries(t, "test.thing.put done")
	})
}

func TestKeyIsBoundToActorAndInput(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := op.WithKey(as(t, "u1", permWrite), "form-1")
		_, err := op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
		must(t, err)
		_, err = op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "other"}, putThing)
		wantErr(t, err, op.ErrKeyReused)
		_, err = op.Run(ctx, h.runner, specSelf, thingInput{ID: "a", Name: "n"}, putThing)
		wantErr(t, err, op.ErrKeyReused)
		got, err := op.Run(op.WithKey(as(t, "u2", permWrite), "form-1"), h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
		must(t, err)
		if got.Version != 2 {
			t.Errorf("another actor with the same key got version %d, want a run of their own", got.Version)
		}
		h.wantEntries(t, "test.thing.put done", "test.thing.put failed key_reused",
			"test.thing.put_own failed key_reused", "test.thing.put done")
	})
}

func TestKeyOfAFailureIsFree(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := op.WithKey(as(t, "u1", permWrite), "form-1")
		fail := errors.New("not today")
		_, err := op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "n"},
			func(context.Context, *op.Tx, thingInput) (thing, error) { return thing{}, fail })
		wantErr(t, err, fail)
		_, err = op.Run(ctx, h.runner, specPut, thingInput{ID: "a", Name: "n"}, putThing)
		must(t, err)
	})
}

func TestKeysOfAnonymousClientsDoNotMeet(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var ran atomic.Int64
		for _, addr := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.1"} {
			ctx := op.WithKey(op.WithActor(t.Context(), op.Actor{Kind: op.Anonymous, Addr: addr}), "form-1")
			_, err := op.Run(ctx, h.runner, specPublic, thingInput{ID: "a", Name: "n"},
				func(context.Context, *op.Tx, thingInput) (thing, error) { ran.Add(1); return thing{}, nil })
			must(t, err)
		}
		if ran.Load() != 2 {
			t.Errorf("ran %d times for two clients", ran.Load())
		}
	})
}

func TestSecretAnswersAreNotStored(t *testing.T) {
	secret := op.New("test.token.issue", op.Needs(permWrite), op.Secret())
	each(t, func(t *testing.T, h *house) {
		ctx := op.WithKey(as(t, "u1", permWrite), "form-1")
		issue := func(context.Context, *op.Tx, thingInput) (string, error) { return "hush-hush", nil }
		in := thingInput{ID: "a", Name: "n", Password: "correct horse"}
		_, err := op.Run(ctx, h.runner, secret, in, issue)
		must(t, err)
		_, err = op.Run(ctx, h.runner, secret, in, issue)
		wantErr(t, err, op.ErrAlreadyDone)
		var stored string
		must(t, h.db.Reader().QueryRowContext(t.Context(),
			"select actor_id || key || op || input_mac || output from op_key").Scan(&stored))
		if strings.Contains(stored, "hush") || strings.Contains(stored, "horse") {
			t.Errorf("the store of keys holds a secret: %s", stored)
		}
	})
}

func TestPurge(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		run := func(key string) {
			ctx := op.WithKey(as(t, "u1", permWrite), key)
			_, err := op.Run(ctx, h.runner, specRename, thingInput{ID: "a", Name: "n"}, rename)
			must(t, err)
		}
		run("old")
		h.clock.Advance(23 * time.Hour)
		run("young")
		must(t, h.runner.Purge(t.Context()))
		h.wantCount(t, "op_key", 2)
		h.wantCount(t, "op_undo", 2)
		h.clock.Advance(2 * time.Hour)
		must(t, h.runner.Purge(t.Context()))
		h.wantCount(t, "op_key", 1)
		h.wantCount(t, "op_undo", 1)
	})
}
