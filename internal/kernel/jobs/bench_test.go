package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/jobs"
)

// BenchmarkThroughput measures how many empty jobs one node claims, runs and completes per second. The jobs are
// stored before the clock of the benchmark runs.
func BenchmarkThroughput(b *testing.B) {
	for _, engine := range dbtest.Engines(b) {
		for _, workers := range []int{8, 64} {
			b.Run(fmt.Sprintf("%s/workers=%d", engine, workers), func(b *testing.B) {
				d := dbtest.Open(b, engine, jobs.Migrations())
				var ran sync.WaitGroup
				ran.Add(b.N)
				e, err := jobs.New(jobs.Deps{
					DB: d, Clock: clock.System(), Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Workers: workers,
				})
				if err != nil {
					b.Fatal(err)
				}
				if err := e.Define(jobs.Definition{Kind: "bench.nothing", Run: func(context.Context, json.RawMessage) error {
					ran.Done()
					return nil
				}}); err != nil {
					b.Fatal(err)
				}
				fill(b, d, e)
				b.ResetTimer()
				if err := e.Start(b.Context()); err != nil {
					b.Fatal(err)
				}
				ran.Wait()
				e.Stop(b.Context())
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			})
		}
	}
}

func fill(b *testing.B, d *db.DB, e *jobs.Engine) {
	b.Helper()
	const batch = 500
	for left := b.N; left > 0; left -= batch {
		err := d.Write(b.Context(), func(ctx context.Context, q db.Querier) error {
			for range min(left, batch) {
				if _, err := e.Enqueue(ctx, q, jobs.Job{Kind: "bench.nothing"}); err != nil {
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
