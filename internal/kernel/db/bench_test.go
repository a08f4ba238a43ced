package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
)

// benchDir is where the benchmarks put their databases. TONGBAN_BENCH_DIR names a folder on a real disk; the
// temporary folder may be memory, where a commit costs nothing and there is nothing to share.
func benchDir(b *testing.B) string {
	if dir := os.Getenv("TONGBAN_BENCH_DIR"); dir != "" {
		return dir
	}
	return b.TempDir()
}

// BenchmarkDurableWrites measures committed one-row transactions per second.
func BenchmarkDurableWrites(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			d := benchDB(b, filepath.Join(benchDir(b), ids.New()+".db"))
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			b.ReportMetric(durableWrites(b, d, callers, func() bool { return left.Add(-1) >= 0 }), "writes/s")
			st := d.Stats()
			b.ReportMetric(float64(st.Writes)/float64(max(st.Groups, 1)), "writes/commit")
		})
	}
}

// BenchmarkGroupingGain compares one caller with 64 in turns of a fifth of a second each, so that a noisy machine
// disturbs both alike, and reports the medians of the rates and of the ratio. It takes 12 seconds; use -benchtime 1x.
func BenchmarkGroupingGain(b *testing.B) {
	const turns, turn = 30, 200 * time.Millisecond
	d := benchDB(b, filepath.Join(benchDir(b), ids.New()+".db"))
	timed := func(callers int) float64 {
		end := time.Now().Add(turn)
		return durableWrites(b, d, callers, func() bool { return time.Now().Before(end) })
	}
	for b.Loop() {
		var one, many, gain []float64
		for range turns {
			alone, crowd := timed(1), timed(64)
			one, many, gain = append(one, alone), append(many, crowd), append(gain, crowd/alone)
		}
		b.ReportMetric(median(one), "one-caller-writes/s")
		b.ReportMetric(median(many), "64-callers-writes/s")
		b.ReportMetric(median(gain), "times-one-caller")
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func benchDB(b *testing.B, path string) *db.DB {
	b.Helper()
	d, err := db.Open(context.Background(), db.Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := d.Close(); err != nil {
			b.Error(err)
		}
		os.Remove(path)
	})
	err = d.Write(context.Background(), func(ctx context.Context, q db.Querier) error {
		_, err := q.ExecContext(ctx, "create table bench_row (id text not null primary key, at bigint not null, data text not null)")
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// durableWrites writes from callers goroutines as long as more says so, and returns how many were committed per second.
func durableWrites(b *testing.B, d *db.DB, callers int, more func() bool) float64 {
	var done atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for more() {
				if err := insertBenchRow(d); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

func insertBenchRow(d *db.DB) error {
	id, now := ids.New(), db.At(time.Now())
	return d.Write(context.Background(), func(ctx context.Context, q db.Querier) error {
		_, err := q.ExecContext(ctx, "/* bench.insert */ insert into bench_row (id, at, data) values ($1, $2, $3)", id, now, `{"kind":"request"}`)
		return err
	})
}
