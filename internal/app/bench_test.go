package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"tongban/internal/app/apptest"
	"tongban/internal/kernel/db"
	"tongban/internal/trust/identity"
)

// BenchmarkListPages measures the server time of console lists with few and with many rows behind them: the whole
// request in process, from routing to the last byte, over the first page, a page far down, a search and a filter.
// docs/benchmarks.md has the figures and the bounds they are held against.
//
//	go test ./internal/app -run '^$' -bench ListPages -benchtime 400x
func BenchmarkListPages(b *testing.B) {
	for _, rows := range []int{1_000, 1_000_000} {
		a := apptest.New(b)
		seed(b, a, rows)
		admin, auditor := a.As(identity.RoleSystemAdmin), a.As(identity.RoleAuditor)
		for _, list := range []struct {
			name   string
			client *apptest.Client
			paths  []string
		}{
			{"accounts", admin, []string{
				"/console/identity/accounts", "/console/identity/accounts?sort=created&desc=1", "/console/identity/accounts?q=seed0000777",
				"/console/identity/accounts?state=disabled",
			}},
			{"audit", auditor, []string{
				"/console/audit", "/console/audit?op=seed.thing.change", "/console/audit?outcome=refused", "/console/audit?q=seed0000777",
			}},
		} {
			b.Run(fmt.Sprintf("%s-%d", list.name, rows), func(b *testing.B) { benchList(b, a, list.client, list.paths) })
		}
	}
}

func benchList(b *testing.B, a *apptest.App, c *apptest.Client, paths []string) {
	paths = append(slices.Clone(paths), nextPage(b, c, paths[0]))
	var took []time.Duration
	b.ResetTimer()
	for i := range b.N {
		req := httptest.NewRequest(http.MethodGet, paths[i%len(paths)], nil)
		for _, cookie := range c.Cookies() {
			req.AddCookie(cookie)
		}
		req.Header.Set("Accept-Encoding", "br")
		rec := httptest.NewRecorder()
		start := time.Now()
		a.Handler().ServeHTTP(rec, req)
		took = append(took, time.Since(start))
		if rec.Code != http.StatusOK {
			b.Fatalf("%s answered %d", req.URL, rec.Code)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func nextPage(b *testing.B, c *apptest.Client, path string) string {
	b.Helper()
	next, ok := c.Get(path).Find("a[rel=next]").Attr("href")
	if !ok {
		b.Fatalf("%s has no next page", path)
	}
	return next
}

// seed writes rows of accounts and of entries straight into their tables, in batches, as years of use would.
func seed(b *testing.B, a *apptest.App, rows int) {
	b.Helper()
	const batch = 20_000
	for from := 0; from < rows; from += batch {
		to := min(from+batch, rows)
		err := a.DB().Write(context.Background(), func(ctx context.Context, q db.Querier) error {
			for _, text := range []string{seedAccounts, seedWords, seedEntries, seedChanges, seedEntryWords} {
				if _, err := q.ExecContext(ctx, text, from, to, apptest.Start.UnixMicro()); err != nil {
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

const numbers = `with recursive n (i) as (select cast($1 as bigint) union all select i + 1 from n where i + 1 < $2) `

const (
	seedAccounts = `/* bench.accounts */ insert into identity_account (id, login, login_key, name, name_key, kind, state, unit,
		must_change, created_at, updated_at, version) ` + numbers + `
		select 'seed' || substr('0000000' || i, -7), 'seed' || substr('0000000' || i, -7), 'seed' || substr('0000000' || i, -7),
		'市民 ' || i, '市民 ' || i, 'person', case when i % 10 = 0 then 'disabled' else 'active' end, '第 ' || (i % 97) || ' 科', false,
		$3 - i * 1000000, $3, 1 from n`
	seedWords = `/* bench.words */ insert into identity_account_word (word, account_id) ` + numbers + `
		select 'seed' || substr('0000000' || i, -7), 'seed' || substr('0000000' || i, -7) from n where $3 > 0`
	seedEntries = `/* bench.entries */ insert into audit_entry (id, at, op, outcome, code, actor_kind, actor_id, actor_name, behalf_id,
		behalf_name, session_id, device, addr, reason, request_id, undo_of, took_us, changes) ` + numbers + `
		select 'seed' || substr('0000000' || i, -7), $3 - i * 1000000, 'seed.thing.change', case when i % 50 = 0 then 'refused' else 'done' end,
		'', 'person', 'actor' || (i % 500), '经办人 ' || (i % 500), '', '', '', 'bench', '203.0.113.7', '', 'request' || i, '', 900, 1 from n`
	seedChanges = `/* bench.changes */ insert into audit_change (entry_id, n, at, thing_kind, thing_id, label, after_json) ` + numbers + `
		select 'seed' || substr('0000000' || i, -7), 1, $3 - i * 1000000, 'seed.thing', 'thing' || (i % 9999), 'seed' || substr('0000000' || i, -7),
		'{"name":"x"}' from n`
	seedEntryWords = `/* bench.entry_words */ insert into audit_word (word, at, entry_id) ` + numbers + `
		select 'seed' || substr('0000000' || i, -7), $3 - i * 1000000, 'seed' || substr('0000000' || i, -7) from n`
)
