package config_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tongban/internal/kernel/config"
	"tongban/internal/kernel/log"
	"tongban/spec"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

// write makes a configuration file that only its owner can read, and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tongban.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t testing.TB, s config.Sources) config.Config {
	t.Helper()
	c, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// faults loads what has to fail and returns the faults, one a line, without the folder of the file.
func faults(t testing.TB, s config.Sources) []string {
	t.Helper()
	_, err := config.Load(s)
	var e *config.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want faults", err)
	}
	var lines []string
	for _, f := range e.Faults {
		lines = append(lines, strings.ReplaceAll(f.String(), filepath.Dir(s.File)+"/", ""))
	}
	return lines
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{})
	if c.Environment != config.Production || c.Addr != "127.0.0.1:8080" || c.Data != "./tongban-data" || c.Zone.String() != "Asia/Shanghai" ||
		c.Language != "zh-CN" || c.Log.Level != slog.LevelInfo || c.Log.Format != log.Text || c.TLS.Enabled() || c.TLS.MinVersion != tls.VersionTLS12 ||
		c.Session.Idle != 30*time.Minute || c.Session.Absolute != 12*time.Hour || c.Limits.Body != 1<<20 || c.Database.URL != "" ||
		c.Backup.At != (config.TimeOfDay{Hour: 2, Minute: 30}) || c.OTel.Endpoint != "" || c.TrustedProxies != nil {
		t.Errorf("got %#v", c)
	}
	if c.Origin("addr") != "default" {
		t.Errorf("addr comes from %s", c.Origin("addr"))
	}
}

const full = `
environment: test
addr: "[::1]:9000"
public_url: https://tongban.example.org/
data: /var/lib/tongban
zone: Europe/London
language: en
trusted_proxies:
  - 10.0.0.0/8
  - 2001:db8::1
database:
  url: postgres://tongban:pw@db:5432/tongban?sslmode=require
  read_conns: 16
log.level: debug
log:
  format: json
tls: {cert: c.pem, key: k.pem, min_version: 1.3}
session: {idle: 10m, absolute: 1h}
limits:
  body: 512 KiB
  requests_per_second: 2.5
  burst: 10
jobs:
  workers: 0
backup:
  dir: /b
  keep: 3
  at: 02:05
metrics:
  addr: 127.0.0.1:9100
  token: 0123456789abcdef
otel:
  endpoint: http://collector:4318/v1/
  headers:
    X-Key: hush
`

func TestEveryKeyFromAFile(t *testing.T) {
	t.Parallel()
	path := write(t, full)
	c := load(t, config.Sources{File: path})
	got := fmt.Sprintln(c.Environment, c.Addr, c.PublicURL, c.Data, c.Zone, c.Language, c.TrustedProxies, c.Database.URL.Reveal(), c.Database.ReadConns,
		c.Log.Level, c.Log.Format, c.TLS, c.Session, c.Limits, c.Jobs, c.Backup, c.Metrics.Addr, c.Metrics.Token.Reveal(), c.OTel.Endpoint, c.OTel.Headers["X-Key"].Reveal())
	want := "test [::1]:9000 https://tongban.example.org /var/lib/tongban Europe/London en [10.0.0.0/8 2001:db8::1/128] postgres://tongban:pw@db:5432/tongban?sslmode=require 16 " +
		"DEBUG json {c.pem k.pem 772} {10m0s 1h0m0s} {524288 2.5 10} {0} {/b 3 {2 5 false}} 127.0.0.1:9100 0123456789abcdef http://collector:4318/v1/ hush\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	for _, k := range config.Keys() {
		if !strings.HasPrefix(c.Origin(k.Name), path+":") {
			t.Errorf("%s is not tried by this test: it comes from %s", k.Name, c.Origin(k.Name))
		}
	}
	if want := path + ":16"; c.Origin("log.format") != want {
		t.Errorf("log.format comes from %s, want %s", c.Origin("log.format"), want)
	}
}

// The database moves by editing the configuration alone.
func TestTheLaterSourceWinsKeyByKey(t *testing.T) {
	t.Parallel()
	path := write(t, "addr: :1\njobs: {workers: 1}\nbackup: {keep: 1, at: never}\ndatabase: {url: 'postgres://a:b@one/x'}")
	c := load(t, config.Sources{
		File:  path,
		Env:   []string{"TONGBAN_ADDR=:2", "TONGBAN_JOBS_WORKERS=2", "TONGBAN_DATABASE_URL=postgres://a:b@two,three:5433/x", "TONGBAN_LOG_LEVEL=", "HOME=/", "TONGBAN_TEST_X=1", "broken"},
		Flags: map[string]string{"addr": ":3"},
	})
	if c.Addr != ":3" || c.Jobs.Workers != 2 || c.Backup.Keep != 1 || !c.Backup.At.Never || c.Database.URL.Reveal() != "postgres://a:b@two,three:5433/x" {
		t.Errorf("got %s", c)
	}
	for key, want := range map[string]string{"addr": "--addr", "jobs.workers": "TONGBAN_JOBS_WORKERS", "backup.keep": path + ":3", "log.level": "default"} {
		if c.Origin(key) != want {
			t.Errorf("%s comes from %s, want %s", key, c.Origin(key), want)
		}
	}
}

func TestTheVariableNamesTheFile(t *testing.T) {
	t.Parallel()
	env := []string{"TONGBAN_CONFIG=" + write(t, "addr: :7")}
	if c := load(t, config.Sources{Env: env}); c.Addr != ":7" {
		t.Errorf("addr = %s", c.Addr)
	}
	if c := load(t, config.Sources{Env: env, File: write(t, "addr: :8")}); c.Addr != ":8" {
		t.Errorf("addr = %s, want the file of the command line", c.Addr)
	}
}

func TestListsAndMappingsInOneText(t *testing.T) {
	t.Parallel()
	c := load(t, config.Sources{Env: []string{
		"TONGBAN_TRUSTED_PROXIES=10.0.0.0/8, ::ffff:192.0.2.1", "TONGBAN_OTEL_HEADERS=a=1,b=x=y", "TONGBAN_OTEL_ENDPOINT=http://c:4318",
	}})
	if got := fmt.Sprint(c.TrustedProxies); got != "[10.0.0.0/8 192.0.2.1/32]" {
		t.Errorf("proxies = %s", got)
	}
	if c.OTel.Headers["a"].Reveal() != "1" || c.OTel.Headers["b"].Reveal() != "x=y" {
		t.Error("headers")
	}
}

func TestFaultsNameKeyPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ yaml, want string }{
		{"adr: :1", "tongban.yaml:1: adr: there is no such key; did you mean addr?"},
		{"log:\n  Level: info", "tongban.yaml:2: log.Level: there is no such key; did you mean log.level?"},
		{"database_url: x", "tongban.yaml:1: database_url: there is no such key; did you mean database.url?"},
		{"min_version: 1.3", "tongban.yaml:1: min_version: there is no such key; did you mean tls.min_version?"},
		{"colour: red", "tongban.yaml:1: colour: there is no such key; docs/configuration.md and tongban serve --help list them"},
		{"loging: {level: info}", "tongban.yaml:1: loging: there is no such key; docs/configuration.md and tongban serve --help list them"},
		{"\nlog: {level: loud}", `tongban.yaml:2: log.level: "loud" is not allowed; want one of debug, info, warn, error`},
		{"log: debug", "tongban.yaml:1: log: is a section; write its keys below it, indented"},
		{"log: [debug]", "tongban.yaml:1: log: is a section; write its keys below it, indented"},
		{"addr:", `tongban.yaml:1: addr: has no value; remove the line, or write "" for an empty one`},
		{"addr: ''", `tongban.yaml:1: addr: "" is not allowed; want host:port, such as 127.0.0.1:8080, [::1]:8080 or :8080`},
		{"addr: [a]", `tongban.yaml:1: addr: the list "a" is not allowed; want host:port, such as 127.0.0.1:8080, [::1]:8080 or :8080`},
		{"addr: {a: b}", "tongban.yaml:1: addr: a mapping is not allowed; want host:port, such as 127.0.0.1:8080, [::1]:8080 or :8080"},
		{"addr: :1\naddr: :2", "tongban.yaml:2: addr: stands twice, first in line 1"},
		{"log.level: info\nlog: {level: info}", "tongban.yaml:2: log.level: stands twice, first in line 1"},
		{"log: {}\nlog: {}", "tongban.yaml:2: log: stands twice, first in line 1"},
		{"data: &a x\ntls: {cert: *a}", "tongban.yaml:2: tls.cert: references to other places of the file are not supported; write the value"},
		{"a: &a {addr: ':1'}\n<<: *a", "tongban.yaml:1: a: there is no such key; docs/configuration.md and tongban serve --help list them"},
		{"addr: !!binary eA==", "tongban.yaml:1: addr: want a plain value without a tag"},
		{"trusted_proxies: [[a]]", "tongban.yaml:1: trusted_proxies: want a plain value"},
		{"trusted_proxies: [10.1.2.3/8]", `tongban.yaml:1: trusted_proxies: the list "10.1.2.3/8" is not allowed; want networks such as 10.0.0.0/8 or single addresses, as a list or separated by commas`},
		{"otel: {headers: {a: 1, a: 2}}", "tongban.yaml:1: otel.headers: one of its names stands twice"},
		{"? [a]\n: b", "tongban.yaml:1: want names as keys"},
		{"[addr]", "tongban.yaml: want keys and values, such as addr: 127.0.0.1:8080"},
		{"addr: :1\n---\naddr: :2", "tongban.yaml: it holds more than one document; remove the line ---"},
		{"addr: :1\ndata: b: c", "tongban.yaml: is not valid YAML: line 2: mapping values are not allowed in this context"},
		{"data: \"a\\nb\"", `tongban.yaml:1: data: "a�b" is not allowed; want the path of a folder`},
		{"tls: {cert: a.pem}", "tongban.yaml:1: tls.cert: needs tls.key, the private key that belongs to the certificate"},
		{"tls: {key: a.pem}", "tongban.yaml:1: tls.key: needs tls.cert, the certificate that belongs to the key"},
		{"session:\n  absolute: 5m", "default: session.idle: is longer than session.absolute (5m), so that it would never apply"},
		{"metrics:\n  addr: 127.0.0.1:8080", "tongban.yaml:2: metrics.addr: is the same as addr; leave it empty to serve /metrics there"},
		{"otel: {headers: {a: b}}", "tongban.yaml:1: otel.headers: needs otel.endpoint, the collector the headers are for"},
	} {
		got := faults(t, config.Sources{File: write(t, tc.yaml)})
		if got[0] != tc.want {
			t.Errorf("%s\ngot  %s\nwant %s", tc.yaml, got[0], tc.want)
		}
	}
}

func TestWrongValues(t *testing.T) {
	t.Parallel()
	for key, values := range map[string][]string{
		"environment":                {"prod"},
		"addr":                       {"8080", "localhost", "h:http", "h:99999", "h:-1", "h:080", "a b:80"},
		"public_url":                 {"tongban.example.org", "ftp://x", "https://x/path", "https://u@x", "https://x?q", "https://x#", "https://"},
		"zone":                       {"Local", "Beijing", "../etc/passwd"},
		"language":                   {"de", "zh"},
		"trusted_proxies":            {"10.0.0.0/33", "x", "10.0.0.0/8,", "fe80::1%eth0"},
		"database.url":               {"mysql://h/db", "postgres://", "postgres://h", "postgres://h/", "postgres://,h/db", "host=db", "postgres://h:x/db"},
		"database.read_conns":        {"0", "513", "-1", "1.5", "many"},
		"tls.min_version":            {"1.1", "TLS1.2"},
		"session.idle":               {"30", "59s", "25h", "-1m", "1d"},
		"limits.body":                {"1MB", "0", "2GiB", "-1MiB", "1.5MiB", "MiB", "99999999999999999999"},
		"limits.requests_per_second": {"-1", "NaN", "Inf", "0x10", "1_0"},
		"backup.at":                  {"2:30", "24:00", "02:30:00", "off"},
		"metrics.token":              {"short", "with a space in between"},
		"otel.endpoint":              {"collector:4318", "http://c?x=1", "http://c/../x"},
		"otel.headers":               {"a", "a=", "a b=c", "=x", "a=1,a=2"},
	} {
		k := keyOf(t, key)
		for _, v := range values {
			if c, err := config.Load(config.Sources{Env: []string{k.Env + "=" + v}}); err == nil {
				t.Errorf("%s=%s was accepted: %s", k.Env, v, c)
				continue
			}
			got := faults(t, config.Sources{Env: []string{k.Env + "=" + v}})
			if len(got) != 1 || !strings.HasPrefix(got[0], k.Env+": "+key+": ") || !strings.HasSuffix(got[0], "not allowed; want "+k.Allowed) {
				t.Errorf("%s=%s: %q", k.Env, v, got)
			}
		}
	}
}

func keyOf(t testing.TB, name string) config.Key {
	t.Helper()
	for _, k := range config.Keys() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("there is no key %s", name)
	return config.Key{}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	got := faults(t, config.Sources{
		File:  write(t, "adr: :1\nlog: {level: loud}\ntls: {cert: a.pem, key: [x]}"),
		Env:   []string{"TONGBAN_DATABASE__URL=x", "TONGBAN_JOBS_WORKERS=many", "TONGBAN_NONSENSE=1"},
		Flags: map[string]string{"zone": "Mars", "addrs": "x", "metrics.token": "0123456789abcdef", "database.url": "postgres://u:hush@h/d"},
	})
	want := []string{
		"tongban.yaml:1: adr: there is no such key; did you mean addr?",
		`tongban.yaml:2: log.level: "loud" is not allowed; want one of debug, info, warn, error`,
		`tongban.yaml:3: tls.key: the list "x" is not allowed; want the path of a file`, // and no talk of a missing key
		"environment: TONGBAN_DATABASE__URL: there is no such key; did you mean TONGBAN_DATABASE_URL?",
		`TONGBAN_JOBS_WORKERS: jobs.workers: "many" is not allowed; want a whole number from 0 to 256`,
		"environment: TONGBAN_NONSENSE: there is no such key; docs/configuration.md and tongban serve --help list them",
		"--addrs: addrs: there is no such key; did you mean addr?",
		"--database-url: database.url: a secret does not belong on the command line, where every user of the machine can read it; put it into the configuration file or into TONGBAN_DATABASE_URL",
		"--metrics-token: metrics.token: a secret does not belong on the command line, where every user of the machine can read it; put it into the configuration file or into TONGBAN_METRICS_TOKEN",
		`--zone: zone: "Mars" is not allowed; want a name of the IANA time zone database, such as Asia/Shanghai or UTC`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err := config.Load(config.Sources{Flags: map[string]string{"zone": "Mars"}})
	if text := err.Error(); !strings.HasPrefix(text, "the configuration has a fault:\n  --zone: zone: ") {
		t.Errorf("got %q", text)
	}
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	large := write(t, "# "+strings.Repeat("x", 300<<10))
	for path, want := range map[string]string{
		filepath.Join(folder, "none.yaml"): "there is no such file",
		folder:                             "is a directory",
		large:                              "it is larger than 256 KiB",
	} {
		_, err := config.Load(config.Sources{File: path})
		if err == nil || !strings.Contains(err.Error(), path+": cannot read the configuration file: "+want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "null", "log:\n"} {
		if c := load(t, config.Sources{File: write(t, empty)}); c.Addr != "127.0.0.1:8080" {
			t.Errorf("%q: addr = %s", empty, c.Addr)
		}
	}
}

// A file with a secret that other users can read stops the start with a message naming the file and the remedy.
func TestFileWithASecretMustNotBeReadable(t *testing.T) {
	t.Parallel()
	const secret, open = "database: {url: 'postgres://u:hush@h/d'}", "database: {url: 'postgres://h/d'}"
	for _, tc := range []struct {
		text string
		mode os.FileMode
		want string
	}{
		{secret, 0o600, ""},
		{secret, 0o400, ""},
		{secret, 0o644, "this file holds a secret (database.url) and other users of the machine may read it (mode 0644); run: chmod 600 tongban.yaml"},
		{secret, 0o604, "this file holds a secret (database.url)"},
		{secret, 0o640, "this file holds a secret (database.url)"},
		{"database: {url: 'postgres://h/d?password=hush'}", 0o644, "this file holds a secret (database.url)"},
		{"database: {url: '::nonsense hush'}", 0o644, `the value is not allowed`},
		{"metrics: {token: 0123456789abcdef}\notel: {endpoint: 'http://c', headers: {k: v}}", 0o644, "this file holds a secret (metrics.token, otel.headers)"},
		{open, 0o644, ""},
		{"metrics: {token: ''}", 0o644, ""},
		{open, 0o646, "every user of the machine may change this file (mode 0646); run: chmod 600 tongban.yaml"},
	} {
		path := write(t, tc.text)
		if err := os.Chmod(path, tc.mode); err != nil {
			t.Fatal(err)
		}
		if tc.want == "" {
			load(t, config.Sources{File: path})
			continue
		}
		got := faults(t, config.Sources{File: path})
		if !strings.Contains(got[0], tc.want) || !strings.HasPrefix(got[0], "tongban.yaml") {
			t.Errorf("%s, mode %o: %q", tc.text, tc.mode, got)
		}
		if strings.Contains(fmt.Sprint(got), "hush") {
			t.Errorf("a fault tells the secret: %q", got)
		}
	}
}

// A marked secret is put in every place where one can stand, right or wrong, and shows nowhere.
func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	spec.Covers(t, "MB-sens-1-1")
	mark := log.Marked("config")
	c := load(t, config.Sources{
		File: write(t, "database: {url: 'postgres://u:"+mark+"@h,i/d?sslpassword="+mark+"&sslmode=require'}\notel: {endpoint: 'http://c', headers: {k: "+mark+"}}"),
		Env:  []string{"TONGBAN_METRICS_TOKEN=" + mark},
	})
	logger, captured := log.Capture(t)
	logger.Info("configuration", "config", c, "database", c.Database, "pointer", &c)
	object, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		c.String(), fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%+v %#v", c.Database, c.OTel), fmt.Sprintf("%+v", struct{ C *config.Config }{&c}),
		string(object), captured.Text(),
	} {
		if strings.Contains(text, "marked-secret") {
			t.Errorf("shows the secret: %s", text)
		}
	}
	if want := "database.url = postgres://u:xxxxx@h,i/d?sslmode=require&sslpassword=xxxxx ("; !strings.Contains(c.String(), want) {
		t.Errorf("got %s", c)
	}
	if line := captured.Lines("configuration")[0]; fmt.Sprint(line["config"]) == "" || captured.Contains("jobs.workers") {
		t.Errorf("the log shows the keys that were set, got %v", line["config"])
	}
	for _, text := range []string{
		"database: {url: '" + mark + "'}", "database: {url: {" + mark + ": " + mark + "}}", "database: {url: [" + mark + "]}",
		"databas: {url: '" + mark + "'}", "metrics: {token: '" + mark + " x'}", "otel: {headers: [" + mark + "]}", "otel: {headers: {a: {b: " + mark + "}}}",
		"metrics: {token: *" + mark + "}", "metrics: {token: '" + mark, "metrics: {token: \"\\" + mark + "\"}", "metrics: {token: @" + mark + "}",
	} {
		if got := fmt.Sprint(faults(t, config.Sources{File: write(t, text)})); strings.Contains(got, "marked-secret") {
			t.Errorf("%s: a fault tells the secret: %s", text, got)
		}
	}
}

func TestKeysAreWhole(t *testing.T) {
	t.Parallel()
	envs, flags := map[string]string{}, map[string]string{"--config": "the file"}
	for _, k := range config.Keys() {
		if k.Help == "" || k.Allowed == "" || k.Type == "" || !strings.HasSuffix(k.Help, ".") {
			t.Errorf("%s is not documented", k.Name)
		}
		if other, taken := envs[k.Env]; taken {
			t.Errorf("%s and %s share the variable %s", k.Name, other, k.Env)
		}
		if other, taken := flags[k.Flag]; taken && k.Flag != "" {
			t.Errorf("%s and %s share the flag %s", k.Name, other, k.Flag)
		}
		envs[k.Env], flags[k.Flag] = k.Name, k.Name
		if strings.HasPrefix(k.Env, "TONGBAN_TEST_") || k.Env == "TONGBAN_CONFIG" {
			t.Errorf("%s has the reserved variable %s", k.Name, k.Env)
		}
	}
	names := slices.Sorted(maps.Values(envs))
	for _, name := range names { // a key that is also a section could not be written
		if slices.ContainsFunc(names, func(other string) bool { return strings.HasPrefix(other, name+".") }) {
			t.Errorf("%s is a key and a section", name)
		}
	}
	config.Keys()[0].Name = "changed"
	if config.Keys()[0].Name == "changed" {
		t.Error("Keys gives its list away")
	}
}

func TestTheDocumentIsTheList(t *testing.T) {
	const path = "../../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(config.Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), config.Markdown()); diff != "" {
		t.Errorf("docs/configuration.md is stale; run go test ./internal/kernel/config -update\n%s", diff)
	}
	_, example, _ := strings.Cut(config.Markdown(), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	load(t, config.Sources{File: write(t, example)})
}
