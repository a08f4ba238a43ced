package config

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"tongban/internal/kernel/log"
)

// Environment says what an installation is for.
type Environment string

// The environments.
const (
	Production Environment = "production"
	Test       Environment = "test"
	Demo       Environment = "demo"
)

// Config is a complete, checked configuration. docs/configuration.md explains the keys.
type Config struct {
	Environment    Environment
	Addr           string
	PublicURL      string // no slash at the end; empty when not configured
	Data           string
	Zone           *time.Location
	Language       string
	TrustedProxies []netip.Prefix
	Database       Database
	Log            Log
	TLS            TLS
	Session        Session
	Limits         Limits
	Jobs           Jobs
	Backup         Backup
	Metrics        Metrics
	OTel           OTel

	shown map[string]shown // by key; secrets are masked already
}

// Database is where records are kept.
type Database struct {
	URL       log.Secret // PostgreSQL; empty means SQLite in the data folder
	ReadConns int
}

// Log is how the program logs.
type Log struct {
	Level  slog.Level
	Format log.Format
}

// TLS is the certificate of the main address; both files are empty when it is served without TLS.
type TLS struct {
	Cert, Key  string
	MinVersion uint16 // tls.VersionTLS12 or tls.VersionTLS13
}

// Enabled reports whether the main address is served with TLS.
func (t TLS) Enabled() bool { return t.Cert != "" }

// Session bounds a sign-in.
type Session struct{ Idle, Absolute time.Duration }

// Limits bound what one request, and one address, may ask for.
type Limits struct {
	Body              int64 // bytes
	RequestsPerSecond float64
	Burst             int
}

// Jobs is background work on this node.
type Jobs struct{ Workers int }

// Backup is the daily backup.
type Backup struct {
	Dir  string // empty means the folder backup in the data folder
	Keep int
	At   TimeOfDay
}

// TimeOfDay is a time on the clock in the configured zone, or never.
type TimeOfDay struct {
	Hour, Minute int
	Never        bool
}

// Metrics is how /metrics is served.
type Metrics struct {
	Addr  string // empty means the main address
	Token log.Secret
}

// OTel is the collector traces are sent to; none when Endpoint is empty.
type OTel struct {
	Endpoint string
	Headers  map[string]log.Secret
}

// shown is a setting as it may be shown.
type shown struct{ text, source string }

// Origin says where the value of a key comes from: "default", a file with its line, a variable or a flag.
func (c Config) Origin(key string) string { return c.shown[key].source }

// String lists every key with its value and origin, one a line, secrets masked.
func (c Config) String() string {
	var b strings.Builder
	for _, k := range keys {
		s := c.shown[k.Name]
		fmt.Fprintf(&b, "%s = %s (%s)\n", k.Name, s.text, s.source)
	}
	return b.String()
}

// GoString is String, so that %#v shows no secret either.
func (c Config) GoString() string { return c.String() }

// LogValue implements slog.LogValuer: the keys that differ from their defaults, secrets masked.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, k := range keys {
		if s := c.shown[k.Name]; s.source != sourceDefault {
			attrs = append(attrs, slog.String(k.Name, s.text))
		}
	}
	return slog.GroupValue(attrs...)
}

var tlsVersions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
