package events_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/events"
)

// BenchmarkDelivery measures facts per second from Put, one in each transaction, to the end of the reaction.
func BenchmarkDelivery(b *testing.B) {
	const writers = 16
	for _, engine := range dbtest.Engines(b) {
		b.Run(string(engine), func(b *testing.B) {
			d := dbtest.Open(b, engine, events.Migrations())
			var left sync.WaitGroup
			left.Add(b.N)
			o, err := events.New(events.Deps{DB: d, Clock: clock.System(), Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
			if err != nil {
				b.Fatal(err)
			}
			if err := o.Subscribe(events.Subscription{Name: "bench.react", Types: []string{"bench.happened"},
				Handle: func(context.Context, events.Event) error { left.Done(); return nil }}); err != nil {
				b.Fatal(err)
			}
			if err := o.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			var next atomic.Int64
			for w := range writers {
				go func() {
					for next.Add(1) <= int64(b.N) {
						err := d.Write(b.Context(), func(ctx context.Context, q db.Querier) error {
							return o.Put(ctx, q, events.Origin{At: noon}, events.Fact{Type: "bench.happened", Subject: fmt.Sprint(w)})
						})
						if err != nil {
							b.Error(err)
						}
					}
				}()
			}
			left.Wait()
			o.Stop(b.Context())
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "facts/s")
		})
	}
}
