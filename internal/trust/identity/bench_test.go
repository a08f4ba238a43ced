package identity_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/trust/identity"
	"tongban/internal/trust/identity/identitytest"
)

// BenchmarkListAccounts reports the 95th percentile of each kind of list, over TONGBAN_BENCH_ROWS accounts or
// 20,000, nearly all of them citizens.
func BenchmarkListAccounts(b *testing.B) {
	f := identitytest.New(b, dbtest.Open(b, db.SQLite, identitytest.Sets()...))
	n, err := strconv.Atoi(os.Getenv("TONGBAN_BENCH_ROWS"))
	if err != nil {
		n = 20_000
	}
	f.FillAccounts(b, f.DB, n)
	ctx := identitytest.AsSystem(b)
	for name, in := range map[string]identity.ListAccountsInput{
		"all": {}, "by-name": {Sort: "name", Desc: true}, "rare-word": {Query: "zhang77"}, "common-word": {Query: "伟"}, "citizens": {Role: identity.RoleCitizen},
		"agents": {Role: identity.RoleAgent, Sort: "name"}, "disabled": {State: identity.Disabled}, "programs": {Kind: identity.Program, Sort: "created"},
		"word-and-role": {Query: "伟", Role: identity.RoleAgent},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if _, err := f.ListAccounts(ctx, in); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
	b.Run("overview", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.Overview(ctx, identity.OverviewInput{Day: identitytest.Start}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
