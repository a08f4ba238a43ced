package config

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/log"
)

// Key is one setting.
type Key struct {
	Name    string // as in the file, with dots between the levels
	Type    string // text, choice, number, size, duration, …
	Default string // as it would be written; may be empty
	Allowed string // what a value has to be, to be read after "want"
	Help    string
	Secret  bool   // the value, or a part of it, is never shown
	Env     string // the variable's name
	Flag    string // the flag's name with its dashes; empty for a secret, which is not taken from a flag

	kind kind
}

// Keys returns all settings in the order of the documentation.
func Keys() []Key { return slices.Clone(keys) }

// keys is the one list of settings. A new one needs a line here and a field in Config.
var keys = []Key{
	key("environment", "production", choice(func(c *Config) *Environment { return &c.Environment }, Production, Test, Demo),
		"What this installation is for. Pages show it when it is not production."),
	key("addr", "127.0.0.1:8080", address(func(c *Config) *string { return &c.Addr }, false),
		"Where the program listens: host:port, or :port for all addresses."),
	key("public_url", "", publicURL(func(c *Config) *string { return &c.PublicURL }),
		"The address under which people reach the program, used in links that leave it (mail, QR codes)."),
	key("data", "./tongban-data", text(func(c *Config) *string { return &c.Data }, "the path of a folder", 1),
		"The folder for the embedded database, attachments and keys. One process at a time."),
	key("zone", "Asia/Shanghai", zone(), "The time zone of deadlines, schedules and pages."),
	key("language", i18n.ZhCN, choice(func(c *Config) *string { return &c.Language }, i18n.Languages()...),
		"The language of pages for people who have not chosen one, and of mail."),
	key("trusted_proxies", "", networks(),
		"The reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: a list of networks."),

	key("database.url", "", databaseURL(),
		"The PostgreSQL database. Empty: the embedded SQLite database in the data folder.").secret(),
	key("database.read_conns", "8", number(func(c *Config) *int { return &c.Database.ReadConns }, 1, 512),
		"How many connections read at the same time."),

	key("log.level", "info", level(), "The least level that is logged."),
	key("log.format", "text", choice(func(c *Config) *log.Format { return &c.Log.Format }, log.Text, log.JSON),
		"text for people, json for collectors."),

	key("tls.cert", "", text(func(c *Config) *string { return &c.TLS.Cert }, "the path of a file", 0),
		"The certificate chain (PEM). With tls.key it makes the program serve HTTPS itself."),
	key("tls.key", "", text(func(c *Config) *string { return &c.TLS.Key }, "the path of a file", 0),
		"The private key (PEM) of tls.cert."),
	key("tls.min_version", "1.2", tlsVersion(), "The oldest TLS version that is accepted."),

	key("session.idle", "30m", duration(func(c *Config) *time.Duration { return &c.Session.Idle }, "1m", "24h"),
		"A sign-in ends after this time without a request."),
	key("session.absolute", "12h", duration(func(c *Config) *time.Duration { return &c.Session.Absolute }, "5m", "720h"),
		"A sign-in ends after this time whatever happens."),

	key("limits.body", "1MiB", size(func(c *Config) *int64 { return &c.Limits.Body }, "1KiB", "1GiB"),
		"The largest body of a request that is not an upload."),
	key("limits.requests_per_second", "100", decimal(func(c *Config) *float64 { return &c.Limits.RequestsPerSecond }, 0, 100_000),
		"How many requests a second one address may make over time; 0 is no limit."),
	key("limits.burst", "400", number(func(c *Config) *int { return &c.Limits.Burst }, 1, 1_000_000),
		"How many requests one address may make at once."),

	key("jobs.workers", "4", number(func(c *Config) *int { return &c.Jobs.Workers }, 0, 256),
		"How many background jobs run at the same time on this node; 0 leaves them to the other nodes."),

	key("backup.dir", "", text(func(c *Config) *string { return &c.Backup.Dir }, "the path of a folder", 0),
		"Where daily backups are written. Empty: the folder backup in the data folder."),
	key("backup.keep", "14", number(func(c *Config) *int { return &c.Backup.Keep }, 1, 3650),
		"How many daily backups are kept."),
	key("backup.at", "02:30", timeOfDay(), "When the daily backup is made, in the configured zone."),

	key("metrics.addr", "", address(func(c *Config) *string { return &c.Metrics.Addr }, true),
		"A second address that serves only /metrics, for a closed network. Empty: /metrics is on the main address."),
	key("metrics.token", "", token(func(c *Config) *log.Secret { return &c.Metrics.Token }, 16),
		"The bearer token that /metrics asks for.").secret(),

	key("otel.endpoint", "", endpoint(func(c *Config) *string { return &c.OTel.Endpoint }),
		"The OTLP/HTTP collector traces are sent to. Empty: none are sent."),
	key("otel.headers", "", headers(), "Headers for the collector, such as its access key: name to value.").secret(),
}

func key(name, def string, k kind, help string) Key {
	return Key{
		Name: name, Type: k.name, Default: def, Allowed: k.allowed, Help: help, kind: k,
		Env:  envPrefix + strings.ToUpper(strings.ReplaceAll(name, ".", "_")),
		Flag: flagName(name),
	}
}

func flagName(name string) string {
	return "--" + strings.NewReplacer(".", "-", "_", "-").Replace(name)
}

// secret marks a key whose value is never shown. Where only a part of the value is secret, its kind says when,
// and the flag stays for values without.
func (k Key) secret() Key {
	k.Secret = true
	if k.kind.isSecret == nil {
		k.Flag = ""
	}
	return k
}

// holdsSecret reports whether s, a value of k, has to be protected.
func (k Key) holdsSecret(s Setting) bool {
	switch {
	case !k.Secret || s.empty():
		return false
	case k.kind.isSecret != nil:
		return k.kind.isSecret(s.Text)
	}
	return true
}

// show returns s as it may be shown.
func (k Key) show(s Setting) string {
	switch {
	case !k.holdsSecret(s):
		return s.String()
	case k.kind.redact != nil:
		return k.kind.redact(s.Text)
	}
	return log.Secret("x").String()
}

func find(name string) (Key, bool) {
	for _, k := range keys {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// isSection reports whether name stands for a group of keys.
func isSection(name string) bool {
	return slices.ContainsFunc(keys, func(k Key) bool { return strings.HasPrefix(k.Name, name+".") })
}

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
