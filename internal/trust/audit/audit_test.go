package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/audit"
)

var start = time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)

// fixture is an audit service with an operation to record.
type fixture struct {
	*audit.Service
	db    *db.DB
	clock *clock.Fake
	ops   *op.Runner
}

func sets() []db.MigrationSet {
	return []db.MigrationSet{op.Migrations(), events.Migrations(), audit.Migrations()}
}

func newFixture(t testing.TB, d *db.DB) *fixture {
	t.Helper()
	f := &fixture{db: d, clock: clock.NewFake(start)}
	quiet := slog.New(slog.DiscardHandler)
	outbox, err := events.New(events.Deps{DB: d, Clock: f.clock, Log: quiet, Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	f.ops, err = op.NewRunner(op.Deps{
		DB: d, Clock: f.clock, Audit: audit.Recorder{}, Events: outbox, Log: quiet, Metrics: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider().Tracer("test"), Key: []byte("a key for tests"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Service, err = audit.New(audit.Deps{DB: d, Ops: f.ops}); err != nil {
		t.Fatal(err)
	}
	return f
}

func each(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newFixture(t, d)) }, sets()...)
}

func auditor(t testing.TB) context.Context {
	return op.WithActor(t.Context(), op.Actor{
		Kind: op.Person, ID: "auditor", Name: "审计 老陈", Permissions: map[op.Permission]bool{audit.PermRead: true},
	})
}

// rename is an operation to be recorded.
var rename = op.New("desk.ticket.rename", op.Needs("desk.ticket.write"))

type renameInput struct{ ID, From, To string }

func (in renameInput) Validate() error {
	if in.To == "" {
		return errs.InvalidFields(errs.Field{Name: "to", Code: "required"})
	}
	return nil
}

func (f *fixture) rename(ctx context.Context, in renameInput) error {
	_, err := op.Run(ctx, f.ops, rename, in, func(_ context.Context, tx *op.Tx, in renameInput) (struct{}, error) {
		tx.Changed(op.Thing{Kind: "desk.ticket", ID: in.ID, Label: "WO-20261121-0007 " + in.To},
			map[string]any{"name": in.From, "lines": []int{1, 2}}, map[string]any{"name": in.To, "lines": []int{1, 3, 4}})
		return struct{}{}, nil
	})
	return err
}

func clerk(t testing.TB) context.Context {
	ctx := op.WithActor(t.Context(), op.Actor{
		Kind: op.Person, ID: "clerk", Name: "王大伟", OnBehalf: "co1", OnBehalfName: "滨海公司", Session: "s1", Device: "Firefox",
		Addr: "192.0.2.1", Permissions: map[op.Permission]bool{"desk.ticket.write": true},
	})
	return op.WithReason(op.WithRequest(ctx, "0193d4a0-0000-7000-8000-00000000abcd"), "客户要求 改名")
}

func TestRecordAndFind(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		if err := f.rename(clerk(t), renameInput{"t1", "旧名", "打印机 卡纸"}); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(time.Minute)
		if err := f.rename(clerk(t), renameInput{"t2", "", ""}); errs.KindOf(err) != errs.Invalid {
			t.Fatal(err)
		}
		f.clock.Advance(time.Minute)
		stranger := op.WithActor(t.Context(), op.Actor{Kind: op.Person, ID: "stranger", Name: "生人"})
		if err := f.rename(stranger, renameInput{"t1", "x", "y"}); !errors.Is(err, op.ErrDenied) {
			t.Fatal(err)
		}
		f.clock.Advance(time.Minute)
		for _, c := range []struct {
			name string
			f    audit.Filter
			want []string // outcomes, newest first
		}{
			{"all of the operation", audit.Filter{Op: "desk.ticket.rename"}, []string{"refused", "failed", "done"}},
			{"actor", audit.Filter{ActorID: "clerk"}, []string{"failed", "done"}},
			{"outcome", audit.Filter{Outcome: op.Refused}, []string{"refused"}},
			{"thing", audit.Filter{ThingKind: "desk.ticket", ThingID: "t1"}, []string{"done"}},
			{"from", audit.Filter{Op: "desk.ticket.rename", From: start.Add(time.Minute)}, []string{"refused", "failed"}},
			{"to", audit.Filter{Op: "desk.ticket.rename", To: start.Add(time.Minute)}, []string{"done"}},
			{"words of the label", audit.Filter{Text: "卡纸"}, []string{"done"}},
			{"number", audit.Filter{Text: "wo-20261121-0007"}, []string{"done"}},
			{"part of a number", audit.Filter{Text: "0007"}, []string{"done"}},
			{"words of the reason", audit.Filter{Text: "客户要求"}, []string{"failed", "done"}},
			{"actor's name", audit.Filter{Text: "大伟"}, []string{"failed", "done"}},
			{"both", audit.Filter{Text: "大伟 卡纸"}, []string{"done"}},
			{"request", audit.Filter{Text: "0193d4a0-0000-7000-8000-00000000abcd"}, []string{"failed", "done"}},
			{"text and outcome", audit.Filter{Text: "大伟", Outcome: op.Failed}, []string{"failed"}},
			{"text and thing", audit.Filter{Text: "大伟", ThingKind: "desk.ticket", ThingID: "t1"}, []string{"done"}},
			{"nothing", audit.Filter{Text: "没有此词"}, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				for _, size := range []int{1, 2, 50} {
					if got := outcomes(t, f, c.f, size); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
						t.Fatalf("pages of %d: got %v, want %v", size, got, c.want)
					}
				}
			})
		}
	})
}

// outcomes walks all pages, leaving out what the walking itself records.
func outcomes(t *testing.T, f *fixture, filter audit.Filter, size int) []string {
	t.Helper()
	var got []string
	filter.Page.Limit = size
	for {
		list, err := f.Search(auditor(t), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list.Entries {
			if e.Actor.ID != "auditor" {
				got = append(got, string(e.Outcome))
			}
		}
		if filter.Page.Cursor = list.Next; list.Next == "" {
			return got
		}
	}
}

func TestEntryTellsAll(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		if err := f.rename(clerk(t), renameInput{"t1", "旧名", "新名"}); err != nil {
			t.Fatal(err)
		}
		list, err := f.Search(auditor(t), audit.Filter{Op: "desk.ticket.rename"})
		if err != nil || len(list.Entries) != 1 || len(list.Entries[0].Changes) != 1 || list.Entries[0].Changes[0].Before != nil {
			t.Fatalf("list %+v, %v", list, err)
		}
		e, err := f.Entry(auditor(t), audit.EntryRef{ID: list.Entries[0].ID})
		if err != nil {
			t.Fatal(err)
		}
		want := "0193d4a0-0000-7000-8000-00000000abcd 客户要求 改名 clerk 王大伟 co1 滨海公司 s1 Firefox 192.0.2.1 person done"
		got := fmt.Sprint(e.RequestID, " ", e.Reason, " ", e.Actor.ID, " ", e.Actor.Name, " ", e.OnBehalf.ID, " ", e.OnBehalf.Name,
			" ", e.Session, " ", e.Device, " ", e.Addr, " ", e.ActorKind, " ", e.Outcome)
		if got != want || !e.At.Equal(start) {
			t.Fatalf("got %s at %s", got, e.At)
		}
		lines, _ := audit.Diff(e.Changes[0].Before, e.Changes[0].After)
		var changed []string
		for _, l := range lines {
			if !l.Same() {
				changed = append(changed, fmt.Sprintf("%s:%s→%s", l.Path, l.Before, l.After))
			}
		}
		if !slices.Equal(changed, []string{"lines.2:2→3", "lines.3:→4", "name:旧名→新名"}) {
			t.Fatalf("diff %v", changed)
		}
		_, err = f.Entry(auditor(t), audit.EntryRef{ID: ids.New()})
		if !errors.Is(err, audit.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

func TestHistoryOfAThing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		for i := range 5 {
			f.clock.Advance(time.Second)
			if err := f.rename(clerk(t), renameInput{"t1", fmt.Sprint(i), fmt.Sprint(i + 1)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.rename(clerk(t), renameInput{"t2", "a", "b"}); err != nil {
			t.Fatal(err)
		}
		var after []string
		in := audit.HistoryInput{Kind: "desk.ticket", ID: "t1", Page: db.Page{Limit: 2}}
		for {
			list, err := f.History(auditor(t), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list.Entries {
				lines, _ := audit.Diff(nil, e.Changes[0].After)
				after = append(after, lines[len(lines)-1].After)
			}
			if in.Page.Cursor = list.Next; list.Next == "" {
				break
			}
		}
		if !slices.Equal(after, []string{"5", "4", "3", "2", "1"}) {
			t.Fatalf("history %v", after)
		}
		in.Page.Cursor, in.Reads, in.Page.Limit = "", true, 50
		list, err := f.History(auditor(t), in)
		if err != nil || len(list.Entries) != 8 || list.Entries[0].Op != "audit.thing.history" {
			t.Fatalf("%d entries with the looks, %v", len(list.Entries), err)
		}
		recent, err := f.Recent(auditor(t), op.Thing{Kind: "desk.ticket", ID: "t1"}, 3)
		if err != nil || len(recent) != 3 || recent[0].Actor.Name != "王大伟" {
			t.Fatalf("recent %+v, %v", recent, err)
		}
	})
}

func TestReadingIsRecordedAndReserved(t *testing.T) {
	t.Parallel()
	f := newFixture(t, dbtest.Open(t, db.SQLite, sets()...))
	for name, read := range map[string]func(context.Context) error{
		"search": func(ctx context.Context) error { _, err := f.Search(ctx, audit.Filter{Text: "王大"}); return err },
		"history": func(ctx context.Context) error {
			_, err := f.History(ctx, audit.HistoryInput{Kind: "k", ID: "1"})
			return err
		},
		"overview": func(ctx context.Context) error { _, err := f.Overview(ctx, audit.OverviewInput{}); return err },
		"entry":    func(ctx context.Context) error { _, err := f.Entry(ctx, audit.EntryRef{ID: "x"}); return err },
	} {
		if err := read(clerk(t)); !errors.Is(err, op.ErrDenied) {
			t.Errorf("%s: the clerk got %v", name, err)
		}
		if err := read(auditor(t)); err != nil && name != "entry" {
			t.Errorf("%s: the auditor got %v", name, err)
		}
	}
	list, err := f.Search(auditor(t), audit.Filter{ActorID: "auditor", Op: "audit.entry.search"})
	if err != nil || len(list.Entries) != 1 || !strings.Contains(list.Entries[0].Changes[0].Label, "王大") {
		t.Fatalf("the search left %+v, %v", list.Entries, err)
	}
	if o, err := f.Overview(auditor(t), audit.OverviewInput{Since: start}); err != nil || o.Refused != 4 || o.Failed != 1 || o.Entries < 7 {
		t.Fatalf("overview %+v, %v", o, err)
	}
}

func TestFilterRefusesJunk(t *testing.T) {
	t.Parallel()
	f := newFixture(t, dbtest.Open(t, db.SQLite, sets()...))
	for field, filter := range map[string]audit.Filter{
		"outcome": {Outcome: "perhaps"}, "thing": {ThingKind: "k"}, "kind": {ThingID: "1"}, "q": {Text: "王"},
		"to": {From: start, To: start}, "actor": {ActorID: strings.Repeat("x", 101)}, "op": {Op: "a\x00"}, "": {Page: db.Page{Cursor: "junk"}},
	} {
		_, err := f.Search(auditor(t), filter)
		e := errs.From(err)
		if e == nil || e.Kind != errs.Invalid || field != "" && e.Fields[0].Name != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// TestHostileValues records what would break a page, a query or an engine, and finds it whole or visibly cut.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		big := strings.Repeat("长", 100_000)
		e := op.Entry{
			ID: ids.New(), At: start, Op: "x.y.z", Outcome: op.Done, Actor: op.Actor{Name: "a\x00b\xff", Device: strings.Repeat("d", 5000)},
			Reason: strings.Repeat("因", 2000),
		}
		for i := range 350 {
			e.Changes = append(e.Changes, op.Change{Thing: op.Thing{Kind: "k", ID: fmt.Sprint(i), Label: "'; drop table audit_entry; --"}, After: map[string]string{"v": "\x00"}})
		}
		e.Changes[0].After = map[string]string{"text": big}
		e.Changes[1].After = (*string)(nil)
		err := f.db.Write(t.Context(), func(ctx context.Context, q db.Querier) error { return audit.Recorder{}.Record(ctx, q, e) })
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Entry(auditor(t), audit.EntryRef{ID: e.ID})
		if err != nil || got.Total != 350 || len(got.Changes) != 350 {
			t.Fatalf("%d of %d changes, %v", len(got.Changes), got.Total, err)
		}
		cut, ok := audit.CutOf(got.Changes[0].After)
		if !ok || cut.Bytes != len(`{"text":""}`)+len(big) || !strings.HasPrefix(cut.Start, `{"text":"长长`) {
			t.Fatalf("cut %+v, %t", cut.Bytes, ok)
		}
		if _, ok := audit.CutOf(got.Changes[2].After); ok || got.Changes[1].After != nil {
			t.Fatal("a short value counts as cut, or a nil one as there")
		}
		if !strings.HasSuffix(got.Reason, "因…") || !strings.HasSuffix(got.Device, "d…") || got.Actor.Name != "a\uFFFDb\uFFFD" {
			t.Fatalf("reason %q, device %q, name %q", got.Reason, got.Device, got.Actor.Name)
		}
	})
}

// TestAppendOnly reads the package's own text: nothing in it changes or deletes an entry.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	forbidden := regexp.MustCompile(`(?i)\b(update\s+audit_|delete\s+from|drop\s+table|truncate\s+)`)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := forbidden.Find(raw); found != nil && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s has %q", name, found)
		}
	}
	if !forbidden.MatchString("/* x */ Delete\nfrom audit_entry") || !forbidden.MatchString("update audit_entry set") {
		t.Error("the check finds nothing")
	}
	for _, o := range (&audit.Service{}).Module().Operations {
		if !o.Spec.Reads {
			t.Errorf("%s is not a read", o.Spec.Name)
		}
	}
}
