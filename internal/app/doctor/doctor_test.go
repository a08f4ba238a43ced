package doctor_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongban/internal/app/doctor"
	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
)

var now = time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)

func sets() []db.MigrationSet {
	return []db.MigrationSet{clock.Migrations()}
}

// healthy returns an environment in which nothing has to be mended.
func healthy(t *testing.T, engine db.Engine, flags map[string]string) doctor.Env {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"data": dir, "addr": "127.0.0.1:0"}
	for k, v := range flags {
		all[k] = v
	}
	c, err := config.Load(config.Sources{Flags: all})
	if err != nil {
		t.Fatal(err)
	}
	where := dbtest.Location(t, engine, sets()...)
	if engine == db.Postgres {
		c.Database.URL = "postgres://set"
	}
	file(t, filepath.Join(dir, "secret.key"), 0o600)
	folder := filepath.Join(dir, "backup")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Join(folder, backup.Name(now.Add(-time.Hour))), 0o600)
	database := where.Path
	if database == "" {
		database = filepath.Join(dir, "tongban.db")
	}
	return doctor.Env{
		Config: c, Now: time.Now(), Database: database, BackupFolder: folder, Sets: sets(),
		Open: func(ctx context.Context) (*db.DB, error) { return db.Open(ctx, where) },
	}
}

func file(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte("x"), mode); err != nil {
		t.Fatal(err)
	}
}

// find returns the result of one check.
func find(t *testing.T, results []doctor.Result, check, name string) doctor.Result {
	t.Helper()
	for _, r := range results {
		if r.Check == check && r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no result %s, %s in %+v", check, name, results)
	return doctor.Result{}
}

func expect(t *testing.T, results []doctor.Result, check, name string, status doctor.Status, found string) {
	t.Helper()
	r := find(t, results, check, name)
	if r.Status != status || !strings.Contains(r.Found, found) {
		t.Errorf("got %+v, want %s with %q", r, status, found)
	}
	if (r.Mend == "") != (status == doctor.OK) {
		t.Errorf("%s, %s: %s with the advice %q", check, name, r.Status, r.Mend)
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines(t) {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			e := healthy(t, engine, nil)
			for _, r := range doctor.Run(context.Background(), e) {
				// The year's end and the room on the disk are those of the machine the test runs on.
				if r.Status != doctor.OK && r.Check != "calendar" && r.Name != "free space" && r.Check != "backups" {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	e := healthy(t, db.SQLite, nil)
	e.Config.Data = filepath.Join(t.TempDir(), "none", "yet")
	e.Database = filepath.Join(e.Config.Data, "tongban.db")
	results := doctor.Run(context.Background(), e)
	expect(t, results, "storage", "open", doctor.OK, "first start")
	expect(t, results, "disk", "data directory", doctor.OK, "first start")
	if _, err := os.Stat(e.Config.Data); err == nil {
		t.Error("the doctor made the data directory")
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	results := doctor.Run(context.Background(), doctor.Env{ConfigErr: errors.New("no such key"), Now: now})
	expect(t, results, "configuration", "settings", doctor.Fail, "no such key")
	if doctor.Worst(results) != doctor.Fail {
		t.Error("a wrong configuration is no failure")
	}
}

func TestStorage(t *testing.T) {
	t.Parallel()
	e := healthy(t, db.SQLite, nil)
	e.Sets = append(e.Sets, db.MigrationSet{Module: "later", FS: clock.Migrations().FS})
	expect(t, doctor.Run(context.Background(), e), "storage", "migrations", doctor.Warn, "pending")
	e.Sets = nil
	expect(t, doctor.Run(context.Background(), e), "storage", "migrations", doctor.Fail, "does not know")
	raw := bytes.Repeat([]byte("not a database "), 1000)
	if err := os.WriteFile(e.Database, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, doctor.Run(context.Background(), e), "storage", "open", doctor.Fail, "not a SQLite database")
}

func TestAMissingSecretKey(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines(t) {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			e := healthy(t, engine, nil)
			expect(t, doctor.Run(context.Background(), e), "storage", "secret key", doctor.OK, "secret.key")
			if err := os.Remove(filepath.Join(e.Config.Data, "secret.key")); err != nil {
				t.Fatal(err)
			}
			expect(t, doctor.Run(context.Background(), e), "storage", "secret key", doctor.Fail, "is missing")
		})
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	e := healthy(t, db.SQLite, nil)
	e.Now = time.Date(1970, 1, 1, 0, 5, 0, 0, time.UTC)
	results := doctor.Run(context.Background(), e)
	expect(t, results, "clock", "time", doctor.Fail, "1970")
	expect(t, results, "clock", "going forward", doctor.Fail, "in the future")
	e.Now = time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC)
	expect(t, doctor.Run(context.Background(), e), "calendar", "statutory days", doctor.Warn, "2031")
}

func TestDisk(t *testing.T) {
	t.Parallel()
	e := healthy(t, db.SQLite, nil)
	if err := os.Chmod(filepath.Join(e.Config.Data, "secret.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, doctor.Run(context.Background(), e), "disk", "permissions", doctor.Fail, "secret.key")
	e.Config.Data = filepath.Join(e.Config.Data, "secret.key")
	expect(t, doctor.Run(context.Background(), e), "disk", "data directory", doctor.Fail, "cannot be written")
}

func TestPorts(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := healthy(t, db.SQLite, map[string]string{"addr": l.Addr().String()})
	expect(t, doctor.Run(context.Background(), e), "ports", "addr", doctor.Fail, "another program")
	e.Running = "http://" + l.Addr().String()
	expect(t, doctor.Run(context.Background(), e), "ports", "addr", doctor.OK, "answers")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, doctor.Run(context.Background(), e), "ports", "addr", doctor.Fail, "nothing answers")
}

func TestBackups(t *testing.T) {
	t.Parallel()
	e := healthy(t, db.SQLite, map[string]string{"backup.at": "never"})
	e.Now = now
	results := doctor.Run(context.Background(), e)
	expect(t, results, "backups", "newest", doctor.OK, "1h0m0s old")
	expect(t, results, "backups", "schedule", doctor.Warn, "no daily backup")
	e.Now = now.Add(48 * time.Hour)
	expect(t, doctor.Run(context.Background(), e), "backups", "newest", doctor.Warn, "49h0m0s old")
	e.BackupFolder = filepath.Join(e.BackupFolder, "none")
	expect(t, doctor.Run(context.Background(), e), "backups", "newest", doctor.Warn, "there is none")
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t, now.AddDate(0, 0, -60), now.AddDate(0, 0, 40))
	e := healthy(t, db.SQLite, map[string]string{"tls.cert": cert, "tls.key": key})
	for _, tc := range []struct {
		days   int
		status doctor.Status
		found  string
	}{{0, doctor.OK, "until 2027-01-01"}, {20, doctor.Warn, "in 20 days"}, {41, doctor.Fail, "ended"}, {-90, doctor.Fail, "only from"}} {
		e.Now = now.AddDate(0, 0, tc.days)
		expect(t, doctor.Run(context.Background(), e), "certificate", "validity", tc.status, tc.found)
	}
	other, _ := certificate(t, now, now.AddDate(1, 0, 0))
	e.Config.TLS.Cert = other
	expect(t, doctor.Run(context.Background(), e), "certificate", "pair", doctor.Fail, other)
	e.Config.TLS = config.TLS{}
	e.Config.Addr = "0.0.0.0:0"
	expect(t, doctor.Run(context.Background(), e), "certificate", "encryption", doctor.Warn, "without TLS")
}

func certificate(t *testing.T, from, until time.Time) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"tongban.test"}, NotBefore: from, NotAfter: until}
	cert, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

// Nothing the doctor prints holds a secret.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{Env: []string{
		"TONGBAN_DATABASE_URL=postgres://tongban:hunter2@127.0.0.1:1/none", "TONGBAN_METRICS_TOKEN=sesame-open-sesame",
	}, Flags: map[string]string{"data": t.TempDir(), "addr": "127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	e := doctor.Env{Config: c, Now: now, Open: func(ctx context.Context) (*db.DB, error) {
		return db.Open(ctx, db.Options{URL: c.Database.URL.Reveal()})
	}}
	results := doctor.Run(context.Background(), e)
	expect(t, results, "storage", "open", doctor.Fail, "127.0.0.1:1")
	var text, lines bytes.Buffer
	if err := errors.Join(doctor.WriteJSON(&lines, results), doctor.WriteText(&text, results, func(_ doctor.Status, s string) string { return s })); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "sesame"} {
		if strings.Contains(text.String()+lines.String(), secret) {
			t.Errorf("%s was printed: %s", secret, text.String())
		}
	}
	var back struct {
		Status  doctor.Status
		Results []doctor.Result
	}
	if err := json.Unmarshal(lines.Bytes(), &back); err != nil || back.Status != doctor.Fail || len(back.Results) != len(results) {
		t.Errorf("%+v, %v", back, err)
	}
}
