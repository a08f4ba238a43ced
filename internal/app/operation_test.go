package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongban/internal/app"
	"tongban/internal/app/apptest"
	"tongban/internal/kernel/config"
)

func TestProbes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, a *apptest.App) {
		visitor := a.Browser()
		for path, want := range map[string]string{"/healthz": `"ok"`, "/readyz": `"ready"`, "/metrics": "tongban_operations_total"} {
			if page := visitor.Get(path); page.Status != 200 || !strings.Contains(page.Body, want) {
				t.Errorf("%s: %d %.200s", path, page.Status, page.Body)
			}
		}
		if page := visitor.Get("/favicon.ico"); page.Status != 200 || page.Header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("favicon: %d %s", page.Status, page.Header.Get("Content-Type"))
		}
		if err := a.DB().Close(); err != nil {
			t.Fatal(err)
		}
		if page := visitor.Get("/readyz"); page.Status != 503 {
			t.Errorf("without its storage the node says %d", page.Status)
		}
		if page := visitor.Get("/healthz"); page.Status != 200 {
			t.Errorf("the process itself is alive, but says %d", page.Status)
		}
	})
}

func TestMetricsAreForThisMachineOrTheToken(t *testing.T) {
	t.Parallel()
	open, closed := apptest.New(t), newApp(t, map[string]string{"metrics.addr": ""}, "metrics:\n  token: 0123456789abcdef0123\n")
	for name, tc := range map[string]struct {
		handler http.Handler
		remote  string
		host    string
		header  []string
		status  int
	}{
		"this machine":             {open.Handler(), "127.0.0.1:9", "127.0.0.1:8080", nil, 200},
		"another machine":          {open.Handler(), "203.0.113.9:9", "127.0.0.1:8080", nil, 403},
		"through a proxy":          {open.Handler(), "127.0.0.1:9", "127.0.0.1:8080", []string{"X-Forwarded-For", "203.0.113.9"}, 403},
		"through a quiet proxy":    {open.Handler(), "127.0.0.1:9", "fuwu.example.cn:443", nil, 403},
		"token":                    {closed.Handler(), "203.0.113.9:9", "x", []string{"Authorization", "Bearer 0123456789abcdef0123"}, 200},
		"an empty first header":    {open.Handler(), "127.0.0.1:9", "127.0.0.1:8080", []string{"X-Forwarded-For", ""}, 403},
		"wrong token":              {closed.Handler(), "127.0.0.1:9", "127.0.0.1:8080", []string{"Authorization", "Bearer no"}, 403},
		"no token on this machine": {closed.Handler(), "127.0.0.1:9", "127.0.0.1:8080", nil, 403},
	} {
		req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		req.RemoteAddr, req.Host = tc.remote, tc.host
		if tc.header != nil {
			req.Header.Set(tc.header[0], tc.header[1])
		}
		rec := httptest.NewRecorder()
		tc.handler.ServeHTTP(rec, req)
		if rec.Code != tc.status {
			t.Errorf("%s: %d, want %d", name, rec.Code, tc.status)
		}
	}
}

// newApp runs an App on SQLite in a folder of its own, with settings by key and in a file.
func newApp(t *testing.T, settings map[string]string, file string) *app.App {
	t.Helper()
	dir := t.TempDir()
	flags := map[string]string{"data": filepath.Join(dir, "data"), "addr": "127.0.0.1:0", "environment": "test"}
	for key, value := range settings {
		flags[key] = value
	}
	path := filepath.Join(dir, "tongban.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	conf, err := config.Load(config.Sources{File: path, Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(context.Background(), app.Options{Config: conf, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		a.Stop(ctx)
	})
	return a
}

func TestTracesReachTheCollector(t *testing.T) {
	t.Parallel()
	got := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.URL.Path + " " + r.Header.Get("X-Key") + " " + string(body)
	}))
	defer collector.Close()
	a := newApp(t, map[string]string{"otel.endpoint": collector.URL + "/v1/traces"}, "otel:\n  headers:\n    X-Key: collector-secret\n")
	rec := httptest.NewRecorder()
	a.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("the front page answered %d", rec.Code)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	a.Stop(ctx) // sends what waits
	select {
	case spans := <-got:
		if !strings.HasPrefix(spans, "/v1/traces collector-secret ") || !strings.Contains(spans, "portal.home.read") {
			t.Errorf("the collector got %.300q", spans)
		}
	default:
		t.Error("the collector got nothing")
	}
}

// certificate writes a key pair for 127.0.0.1 whose subject is name.
func certificate(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestHTTPSRefusesOldProtocolsAndFollowsARenewal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := certificate(t, dir, "first")
	a := newApp(t, map[string]string{"tls.cert": cert, "tls.key": key, "tls.min_version": "1.3"}, "")
	at, ok := strings.CutPrefix(a.Addr(), "https://")
	if !ok {
		t.Fatalf("the address is %s", a.Addr())
	}
	subject := func() string {
		conn, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := subject(); got != "first" {
		t.Errorf("the certificate is of %q", got)
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} {
		conn, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
		if err == nil {
			conn.Close()
			t.Errorf("%s was accepted", tls.VersionName(version))
		}
	}
	certificate(t, dir, "second")
	later := time.Now().Add(time.Minute) // a renewal comes later than the file it replaces, whatever the disk's clock counts in
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	if got := subject(); got != "second" {
		t.Errorf("after the renewal the certificate is of %q", got)
	}
}

func TestADamagedOrOpenKeyStopsTheStart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"damaged":          {"not a key", 0o600, "restore it from a backup"},
		"readable by all":  {strings.Repeat("ab", 32), 0o644, "chmod 600"},
		"shorter than due": {"abcd", 0o600, "64 hexadecimal digits"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "secret.key")
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tc.mode); err != nil {
			t.Fatal(err)
		}
		conf, err := config.Load(config.Sources{Flags: map[string]string{"data": dir, "environment": "test"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.New(context.Background(), app.Options{Config: conf}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		lock, err := app.LockData(dir)
		if err != nil {
			t.Errorf("%s: the failed start kept the directory: %v", name, err)
			continue
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	}
}

func TestALostOrForeignKeyStopsTheStart(t *testing.T) {
	t.Parallel()
	conf, err := config.Load(config.Sources{Flags: map[string]string{"data": t.TempDir(), "addr": "127.0.0.1:0", "environment": "test"}})
	if err != nil {
		t.Fatal(err)
	}
	start := func() error {
		a, err := app.New(context.Background(), app.Options{Config: conf})
		if err == nil {
			a.Stop(context.Background())
		}
		return err
	}
	if err := start(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(conf.Data, "secret.key")
	own, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := start(); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("without its key: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("another key was made in its place")
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := start(); err == nil || !strings.Contains(err.Error(), "does not belong to this database") {
		t.Errorf("with another key: %v", err)
	}
	if err := os.WriteFile(path, own, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := start(); err != nil {
		t.Errorf("with its key back: %v", err)
	}
}
