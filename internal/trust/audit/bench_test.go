package audit_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/audit"
)

// rowsWanted is the size of the log searched: TONGBAN_BENCH_ROWS, or 20,000.
func rowsWanted(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("TONGBAN_BENCH_ROWS"))
	if err != nil {
		n = 20_000
	}
	return n
}

// fill writes n entries over a year: a thousand people, ten operations, ten thousand things, one attempt in fifty
// refused, one in ten thousand with a rare word.
func fill(b *testing.B, d *db.DB, n int) {
	b.Helper()
	const batch = 5000
	for from := 0; from < n; from += batch {
		err := d.Write(b.Context(), func(ctx context.Context, q db.Querier) error {
			for i := from; i < min(from+batch, n); i++ {
				e := op.Entry{
					ID: ids.New(), At: start.Add(time.Duration(i-n) * 30 * time.Second), Op: fmt.Sprintf("desk.ticket.op%c", 'a'+i%10), Outcome: op.Done,
					Actor:   op.Actor{Kind: op.Person, ID: fmt.Sprintf("person-%d", i%1000), Name: fmt.Sprintf("王%c伟", rune(0x4e00+i%1000)), Addr: "192.0.2.1"},
					Changes: []op.Change{{Thing: op.Thing{Kind: "desk.ticket", ID: fmt.Sprintf("t%d", i%10_000), Label: fmt.Sprintf("WO-%06d 打印机卡纸", i%10_000)}, After: map[string]int{"n": i}}},
				}
				if i%50 == 0 {
					e.Outcome, e.Code = op.Refused, "denied"
				}
				if i%10_000 == 0 {
					e.Reason = "稀有原因"
				}
				if err := (audit.Recorder{}).Record(ctx, q, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch reports the 95th percentile of each kind of search.
func BenchmarkSearch(b *testing.B) {
	f := newFixture(b, dbtest.Open(b, db.SQLite, sets()...))
	fill(b, f.db, rowsWanted(b))
	ctx := auditor(b)
	for name, filter := range map[string]audit.Filter{
		"all": {}, "actor": {ActorID: "person-77"}, "op": {Op: "desk.ticket.opc"}, "refused": {Outcome: op.Refused},
		"thing": {ThingKind: "desk.ticket", ThingID: "t77"}, "common-word": {Text: "打印机"}, "rare-word": {Text: "稀有原因"},
		"number": {Text: "WO-000077"}, "two-words": {Text: "卡纸 WO-000077"}, "old-days": {From: start.Add(-10 * 24 * time.Hour), To: start.Add(-9 * 24 * time.Hour)},
		"actor-and-op": {ActorID: "person-77", Op: "desk.ticket.oph"}, "word-and-refused": {Text: "打印机", Outcome: op.Refused}, "nothing": {Text: "没有此词"},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if _, err := f.Search(ctx, filter); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}

// BenchmarkRecord measures what an entry adds to a write.
func BenchmarkRecord(b *testing.B) {
	f := newFixture(b, dbtest.Open(b, db.SQLite, sets()...))
	b.ResetTimer()
	fill(b, f.db, b.N)
}
