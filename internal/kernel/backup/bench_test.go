package backup_test

import (
	"context"
	"io"
	"path/filepath"
	"runtime"
	"testing"

	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/db"
)

// BenchmarkStream measures reading, encoding and compressing; BenchmarkRestore inserting and proving.
func BenchmarkStream(b *testing.B) {
	d, rows := benchData(b)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		if _, err := backup.Stream(context.Background(), d, io.Discard, backup.Info{At: now}); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(after.HeapSys)/(1<<20), "heap-MiB")
}

func BenchmarkRestore(b *testing.B) {
	d, rows := benchData(b)
	path := filepath.Join(b.TempDir(), "b.backup")
	if _, err := backup.Write(context.Background(), d, path, backup.Info{At: now}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := backup.VerifyDeep(context.Background(), path, b.TempDir(), benchSets()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func benchSets() []db.MigrationSet {
	return []db.MigrationSet{files("bench", `create table bench_row (id text not null primary key, org text not null, at bigint not null,
  done boolean not null, data text not null); create index bench_row_at on bench_row (org, at);`)}
}

func benchData(b *testing.B) (*db.DB, int) {
	b.Helper()
	const rows = 200_000
	d, err := db.Open(context.Background(), db.Options{Path: filepath.Join(b.TempDir(), "b.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	if err := d.Migrate(context.Background(), now, benchSets()...); err != nil {
		b.Fatal(err)
	}
	err = d.Write(context.Background(), func(ctx context.Context, q db.Querier) error {
		_, err := q.ExecContext(ctx, `with recursive n (i) as (select 1 union all select i + 1 from n where i < $1)
insert into bench_row (id, org, at, done, data)
select printf('%08x-0000-7000-8000-%012x', i, i * 7919), 'org-' || (i % 50), 1700000000000000 + i, i % 3 = 0,
  '{"title":"自助终端打印机故障 ' || i || '","priority":"P' || (i % 3) || '"}' from n`, rows)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return d, rows
}
