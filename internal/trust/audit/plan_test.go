package audit

import (
	"strings"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/op"
)

// TestSearchIsDrivenByAnIndex asks SQLite how it would search: by which index first, and never by sorting or by
// reading everything.
func TestSearchIsDrivenByAnIndex(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.SQLite, Migrations())
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		f     Filter
		index string
	}{
		"all":              {Filter{}, "audit_entry_at"},
		"page":             {Filter{Page: db.Page{Cursor: db.EncodeCursor(db.At(day), "x")}}, "audit_entry_at"},
		"days":             {Filter{From: day, To: day.Add(time.Hour)}, "audit_entry_at"},
		"actor":            {Filter{ActorID: "a", From: day}, "audit_entry_actor"},
		"actor and op":     {Filter{ActorID: "a", Op: "x.y.z", Outcome: op.Done}, "audit_entry_actor"},
		"actor, refused":   {Filter{ActorID: "a", Outcome: op.Refused}, "audit_entry_actor"},
		"op":               {Filter{Op: "x.y.z"}, "audit_entry_op"},
		"op, done":         {Filter{Op: "x.y.z", Outcome: op.Done}, "audit_entry_op"},
		"refused":          {Filter{Outcome: op.Refused}, "audit_entry_not_done"},
		"failed op":        {Filter{Outcome: op.Failed, Op: "x.y.z"}, "audit_entry_not_done"},
		"done":             {Filter{Outcome: op.Done}, "audit_entry_at"},
		"thing":            {Filter{ThingKind: "k", ThingID: "1"}, "audit_change_thing"},
		"thing and actor":  {Filter{ThingKind: "k", ThingID: "1", ActorID: "a", Op: "x.y.z", Outcome: op.Failed}, "audit_change_thing"},
		"word":             {Filter{Text: "卡纸"}, "audit_word"},
		"words and others": {Filter{Text: "打印机卡纸", ActorID: "a", Op: "x.y.z", Outcome: op.Refused, From: day}, "audit_word"},
		"request":          {Filter{Text: "0193d4a0-0000-7000-8000-00000000abcd"}, "audit_entry_request"},
	} {
		t.Run(name, func(t *testing.T) {
			query, args, err := searchQuery(c.f, 50)
			if err != nil {
				t.Fatal(err)
			}
			plan := explain(t, d, query, args)
			if !strings.Contains(plan[0], c.index) {
				t.Errorf("it begins with %s", plan[0])
			}
			for _, step := range plan {
				if strings.Contains(step, "TEMP B-TREE") || strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "audit_entry_at") {
					t.Errorf("it does %s", step)
				}
			}
		})
	}
}

func explain(t *testing.T, d *db.DB, query string, args []any) []string {
	t.Helper()
	rows, err := d.Reader().QueryContext(t.Context(), "explain query plan "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil || len(steps) == 0 {
		t.Fatalf("no plan: %v", err)
	}
	return steps
}
