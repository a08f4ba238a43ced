package audit

import (
	"context"
	"strconv"
	"strings"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
)

// store is all SQL of this package. It only inserts and reads.
type store struct{}

func (store) insertEntry(ctx context.Context, q db.Querier, e op.Entry) error {
	a := e.Actor
	_, err := q.ExecContext(ctx, `/* audit.insertEntry */
		insert into audit_entry (id, at, op, outcome, code, actor_kind, actor_id, actor_name, behalf_id, behalf_name,
			session_id, device, addr, reason, request_id, undo_of, took_us, changes)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		e.ID, db.At(e.At), e.Op, string(e.Outcome), clean(e.Code, maxShort), string(a.Kind), clean(a.ID, maxShort),
		clean(a.Name, maxText), clean(a.OnBehalf, maxShort), clean(a.OnBehalfName, maxText), clean(a.Session, maxShort),
		clean(a.Device, maxShort), clean(a.Addr, maxShort), clean(e.Reason, maxText), clean(e.RequestID, maxShort),
		clean(e.UndoOf, maxShort), e.Took.Microseconds(), len(e.Changes))
	return db.MapError(err)
}

// rowsPerInsert bounds the placeholders of one statement.
const rowsPerInsert = 100

// valueRows returns n rows of width placeholders, "($1, $2), ($3, $4)".
func valueRows(n, width int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for j := range width {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(i*width + j + 1))
		}
		b.WriteByte(')')
	}
	return b.String()
}

func (store) insertChanges(ctx context.Context, q db.Querier, rows []changeRow) error {
	for len(rows) > 0 {
		part := rows[:min(len(rows), rowsPerInsert)]
		rows = rows[len(part):]
		args := make([]any, 0, 8*len(part))
		for _, c := range part {
			args = append(args, c.entryID, c.n, c.at, c.thing.Kind, c.thing.ID, c.thing.Label, c.before, c.after)
		}
		_, err := q.ExecContext(ctx, `/* audit.insertChanges */
			insert into audit_change (entry_id, n, at, thing_kind, thing_id, label, before_json, after_json)
			values `+valueRows(len(part), 8), args...)
		if err != nil {
			return db.MapError(err)
		}
	}
	return nil
}

func (store) insertWords(ctx context.Context, q db.Querier, e op.Entry, words []string) error {
	for len(words) > 0 {
		part := words[:min(len(words), rowsPerInsert)]
		words = words[len(part):]
		args := make([]any, 0, 3*len(part))
		for _, w := range part {
			args = append(args, w, db.At(e.At), e.ID)
		}
		_, err := q.ExecContext(ctx, `/* audit.insertWords */
			insert into audit_word (word, at, entry_id) values `+valueRows(len(part), 3), args...)
		if err != nil {
			return db.MapError(err)
		}
	}
	return nil
}
