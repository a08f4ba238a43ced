package op

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/ids"
)

// Tx is the transaction of a running operation. Its Querier reads and writes; the methods tell the pipeline what
// happened.
type Tx struct {
	db.Querier
	attempt   *attempt
	inputMAC  string
	facts     []events.Fact
	confirmed bool
	undone    bool
}

// Now returns the time of the operation, the same throughout, to the microsecond, in UTC.
func (tx *Tx) Now() time.Time { return tx.attempt.entry.At }

// Actor returns who runs the operation.
func (tx *Tx) Actor() Actor { return tx.attempt.entry.Actor }

// Changed records what happened to a thing, for the audit entry.
func (tx *Tx) Changed(t Thing, before, after any) {
	e := &tx.attempt.entry
	e.Changes = append(e.Changes, Change{Thing: t, Before: before, After: after})
}

// Emit puts facts into the outbox when the body has succeeded.
func (tx *Tx) Emit(facts ...events.Fact) { tx.facts = append(tx.facts, facts...) }

// Effect is what a serious operation is about to do, as the actor confirms it.
type Effect struct {
	Key   string         // the translation that says it, with Values in it
	Value map[string]any // numbers and names for that text
	Names []string       // the things concerned, as people know them; pages show the first few
	Type  string         // what the actor has to type; empty: a second press is enough
}

const confirmationLife = 5 * time.Minute

// Confirm demands that the actor has confirmed exactly this effect. It returns a *NeedsConfirmation error
// otherwise; the body returns it unchanged, before it has changed anything.
func (tx *Tx) Confirm(ctx context.Context, e Effect) error {
	now := tx.Now()
	given, answered := ctx.Value(confirmationKey).(Confirmation)
	cause := ErrConfirmationRequired
	if answered {
		ok, err := tx.answers(given, e, now)
		if err != nil {
			return err
		}
		if ok {
			tx.confirmed = true
			return nil
		}
		cause = ErrConfirmationStale
	}
	token, err := tx.token(e, now.Add(confirmationLife))
	if err != nil {
		return err
	}
	return &NeedsConfirmation{Spec: tx.attempt.spec, Effect: e, Token: token, cause: cause}
}

func (tx *Tx) answers(c Confirmation, e Effect, now time.Time) (bool, error) {
	at, _, _ := strings.Cut(c.Token, ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil || now.UnixMicro() > micros {
		return false, nil
	}
	want, err := tx.token(e, time.UnixMicro(micros))
	if err != nil {
		return false, err
	}
	return hmac.Equal([]byte(want), []byte(c.Token)) && strings.TrimSpace(c.Typed) == e.Type, nil
}

func (tx *Tx) token(e Effect, until time.Time) (string, error) {
	at := strconv.FormatInt(until.UnixMicro(), 10)
	actor := tx.Actor()
	mac, err := tx.attempt.r.mac("confirm "+tx.attempt.spec.Name, actor.ID, actor.Session, tx.inputMAC, e, at)
	return at + "." + mac, err
}

// Undo lets the actor take the operation back by running inverse with in, which is stored and must hold no
// secret. The actor needs the right to inverse when the time comes.
func (tx *Tx) Undo(ctx context.Context, inverse *Spec, in any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the undo of %s: %w", tx.attempt.spec.Name, err)
	}
	tx.undone = true
	receipt := receiptFrom(ctx)
	receipt.UndoID, receipt.UndoUntil = ids.New(), tx.Now().Add(tx.attempt.spec.UndoFor)
	_, err = tx.ExecContext(ctx, `/* op.insertUndo */
		insert into op_undo (id, actor_id, done_op, op, input, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
		receipt.UndoID, tx.Actor().ID, tx.attempt.spec.Name, inverse.Name, string(raw), db.At(tx.Now()), db.At(receipt.UndoUntil))
	return db.MapError(err)
}

// claim takes the idempotency key and the undo of the context. It reports true when an earlier run has the
// answer already, which is then in out.
func (tx *Tx) claim(ctx context.Context, out any) (bool, error) {
	replayed, err := tx.replay(ctx, out)
	if replayed || err != nil {
		return replayed, err
	}
	if id := tx.attempt.entry.UndoOf; id != "" {
		return false, tx.claimUndo(ctx, id)
	}
	return false, nil
}

// replay gives the answer of an earlier run with the same key.
func (tx *Tx) replay(ctx context.Context, out any) (bool, error) {
	key, ok := ctx.Value(idempotencyKey).(string)
	if !ok || key == "" {
		return false, nil
	}
	var name, mac, stored string
	err := tx.QueryRowContext(ctx, `/* op.keyByID */
		select op, input_mac, output from op_key where actor_id = $1 and key = $2`, tx.Actor().keyOwner(), key).
		Scan(&name, &mac, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, db.MapError(err)
	}
	if name != tx.attempt.spec.Name || mac != tx.inputMAC {
		return false, ErrKeyReused
	}
	if tx.attempt.spec.Secret {
		return false, ErrAlreadyDone
	}
	receiptFrom(ctx).Replayed = true
	return true, json.Unmarshal([]byte(stored), out)
}

// keyOwner keeps the keys of different sessions without an account apart.
func (a Actor) keyOwner() string {
	if a.ID != "" {
		return a.ID
	}
	return "anonymous " + a.Addr
}

func (tx *Tx) claimUndo(ctx context.Context, id string) error {
	res, err := tx.ExecContext(ctx, `/* op.useUndo */
		update op_undo set used_at = $1 where id = $2 and op = $3 and used_at is null and expires_at > $1`,
		db.At(tx.Now()), id, tx.attempt.spec.Name)
	if err != nil {
		return db.MapError(err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return ErrUndoGone
	}
	return nil
}

// finish checks what the declaration demands and writes what belongs to the change: facts, key, audit entry.
func (tx *Tx) finish(ctx context.Context, out any) error {
	a := tx.attempt
	if a.spec.Serious && !tx.confirmed {
		return fmt.Errorf("operation %s is serious but asked for no confirmation", a.spec.Name)
	}
	if a.spec.UndoFor > 0 && !tx.undone {
		return fmt.Errorf("operation %s is reversible but left no undo", a.spec.Name)
	}
	origin := events.Origin{At: tx.Now(), ActorID: a.entry.Actor.ID, RequestID: a.entry.RequestID}
	if err := a.r.Events.Put(ctx, tx.Querier, origin, tx.facts...); err != nil {
		return err
	}
	if err := tx.storeKey(ctx, out); err != nil {
		return err
	}
	a.entry.Outcome = Done
	a.entry.Took = a.r.Clock.Now().Sub(a.entry.At)
	return a.r.Audit.Record(ctx, tx.Querier, a.entry)
}

func (tx *Tx) storeKey(ctx context.Context, out any) error {
	key, ok := ctx.Value(idempotencyKey).(string)
	if !ok || key == "" {
		return nil
	}
	stored := "{}"
	if !tx.attempt.spec.Secret {
		raw, err := json.Marshal(out)
		if err != nil {
			return fmt.Errorf("encode the answer of %s: %w", tx.attempt.spec.Name, err)
		}
		stored = string(raw)
	}
	_, err := tx.ExecContext(ctx, `/* op.insertKey */
		insert into op_key (actor_id, key, op, input_mac, output, created_at) values ($1, $2, $3, $4, $5, $6)`,
		tx.Actor().keyOwner(), key, tx.attempt.spec.Name, tx.inputMAC, stored, db.At(tx.Now()))
	return db.MapError(err)
}
