package op

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tongban/internal/kernel/db"
)

// Registry holds all operations of the program by name.
type Registry struct {
	runner *Runner
	byName map[string]Bound
}

// NewRegistry joins the operations of all modules. It fails when a name stands twice.
func NewRegistry(r *Runner, lists ...[]Bound) (*Registry, error) {
	reg := &Registry{runner: r, byName: map[string]Bound{}}
	for _, list := range lists {
		for _, b := range list {
			if _, twice := reg.byName[b.Spec.Name]; twice {
				return nil, fmt.Errorf("operation %s is declared twice", b.Spec.Name)
			}
			reg.byName[b.Spec.Name] = b
		}
	}
	return reg, nil
}

// All returns the operations in the order of their names.
func (g *Registry) All() []Bound {
	all := make([]Bound, 0, len(g.byName))
	for _, name := range slices.Sorted(maps.Keys(g.byName)) {
		all = append(all, g.byName[name])
	}
	return all
}

// Permissions returns every permission some operation needs, sorted, with the operations it opens.
func (g *Registry) Permissions() map[Permission][]*Spec {
	opens := map[Permission][]*Spec{}
	for _, b := range g.All() {
		if b.Spec.Permission != "" {
			opens[b.Spec.Permission] = append(opens[b.Spec.Permission], b.Spec)
		}
	}
	return opens
}

// Undo takes back an operation the actor did. ErrUndoGone: it is not theirs, too late, or was taken back
// already. Else it returns what the inverse operation returns.
func (g *Registry) Undo(ctx context.Context, id string) (*Spec, error) {
	var name, input string
	err := g.runner.DB.Reader().QueryRowContext(ctx, `/* op.undoByID */
		select op, input from op_undo where id = $1 and actor_id = $2`, id, ActorFrom(ctx).ID).Scan(&name, &input)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrUndoGone
	}
	if err != nil {
		return nil, db.MapError(err)
	}
	bound, ok := g.byName[name]
	if !ok {
		return nil, fmt.Errorf("undo %s: no operation %s", id, name)
	}
	_, err = bound.Call(context.WithValue(ctx, undoKey, id), json.RawMessage(input))
	return bound.Spec, err
}

// Purge deletes idempotency keys older than a day and undos whose time is over. It belongs into a periodic job.
func (r *Runner) Purge(ctx context.Context) error {
	now := r.Clock.Now()
	return r.DB.Write(ctx, func(ctx context.Context, q db.Querier) error {
		if _, err := q.ExecContext(ctx, `/* op.purgeKeys */ delete from op_key where created_at < $1`,
			db.At(now.Add(-24*time.Hour))); err != nil {
			return db.MapError(err)
		}
		_, err := q.ExecContext(ctx, `/* op.purgeUndos */ delete from op_undo where expires_at < $1`, db.At(now))
		return db.MapError(err)
	})
}
