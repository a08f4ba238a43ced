package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a container without zoneinfo still knows Asia/Shanghai
	"unicode"

	"golang.org/x/net/http/httpguts"

	"tongban/internal/kernel/log"
)

// Setting is the value of a key as one source has it. Its fields are exported for koanf, which copies it.
type Setting struct {
	Text   string            // a single value
	List   []string          // a list of a file
	Map    map[string]string // a mapping of a file
	Source string            // where it stands
}

func (s Setting) empty() bool { return s.Text == "" && len(s.List) == 0 && len(s.Map) == 0 }

// String writes the value in one line, as it could stand in a variable.
func (s Setting) String() string {
	switch {
	case s.List != nil:
		return strings.Join(s.List, ",")
	case s.Map != nil:
		pairs := make([]string, 0, len(s.Map))
		for name, value := range s.Map {
			pairs = append(pairs, name+"="+value)
		}
		slices.Sort(pairs)
		return strings.Join(pairs, ",")
	}
	return s.Text
}

// kind is a type of value: how it is called, what is allowed, and how it is stored.
type kind struct {
	name     string
	allowed  string
	put      func(c *Config, s Setting) bool // false: not allowed
	isSecret func(text string) bool          // nil: the whole value is the secret of a secret key
	redact   func(text string) string
}

// single makes a kind whose values are one text.
func single(name, allowed string, put func(c *Config, text string) bool) kind {
	return kind{name: name, allowed: allowed, put: func(c *Config, s Setting) bool {
		return s.List == nil && s.Map == nil && !strings.ContainsFunc(s.Text, unicode.IsControl) && put(c, s.Text)
	}}
}

func text(at func(*Config) *string, allowed string, least int) kind {
	return single("text", allowed, func(c *Config, s string) bool {
		*at(c) = s
		return len(s) >= least
	})
}

func token(at func(*Config) *log.Secret, least int) kind {
	return single("text", fmt.Sprintf("at least %d characters without spaces", least), func(c *Config, s string) bool {
		*at(c) = log.Secret(s)
		return s == "" || len(s) >= least && !strings.ContainsFunc(s, unicode.IsSpace)
	})
}

func choice[T ~string](at func(*Config) *T, choices ...T) kind {
	names := make([]string, len(choices))
	for i, v := range choices {
		names[i] = string(v)
	}
	return single("choice", oneOf(names), func(c *Config, s string) bool {
		*at(c) = T(s)
		return slices.Contains(choices, T(s))
	})
}

func oneOf(names []string) string { return "one of " + strings.Join(names, ", ") }

func level() kind {
	return single("choice", oneOf([]string{"debug", "info", "warn", "error"}), func(c *Config, s string) (ok bool) {
		c.Log.Level, ok = levels[s]
		return ok
	})
}

func tlsVersion() kind {
	return single("choice", oneOf([]string{"1.2", "1.3"}), func(c *Config, s string) (ok bool) {
		c.TLS.MinVersion, ok = tlsVersions[s]
		return ok
	})
}

func number(at func(*Config) *int, least, most int) kind {
	return single("number", fmt.Sprintf("a whole number from %d to %d", least, most), func(c *Config, s string) bool {
		n, err := strconv.Atoi(s)
		*at(c) = n
		return err == nil && least <= n && n <= most
	})
}

func decimal(at func(*Config) *float64, least, most float64) kind {
	return single("number", fmt.Sprintf("a number from %.0f to %.0f", least, most), func(c *Config, s string) bool {
		n, err := strconv.ParseFloat(s, 64)
		*at(c) = n
		return err == nil && least <= n && n <= most && !strings.ContainsAny(s, "xX_") // no NaN passes the comparison
	})
}

func duration(at func(*Config) *time.Duration, least, most string) kind {
	from, to := mustDuration(least), mustDuration(most)
	return single("duration", fmt.Sprintf("a duration from %s to %s, such as 90s, 30m or 12h", least, most), func(c *Config, s string) bool {
		d, err := time.ParseDuration(s)
		*at(c) = d
		return err == nil && from <= d && d <= to
	})
}

func mustDuration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err) // a constant of keys.go
	}
	return d
}

func size(at func(*Config) *int64, least, most string) kind {
	from, _ := parseSize(least)
	to, _ := parseSize(most)
	return single("size", fmt.Sprintf("a size from %s to %s, such as 512KiB or 1MiB", least, most), func(c *Config, s string) bool {
		n, ok := parseSize(s)
		*at(c) = n
		return ok && from <= n && n <= to
	})
}

// parseSize reads a number of bytes with a binary unit, or none.
func parseSize(s string) (int64, bool) {
	shift := 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			s, shift = strings.TrimSpace(rest), bits
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 33) // with the largest unit still within 63 bits
	return n << shift, err == nil && n >= 0
}

func timeOfDay() kind {
	return single("time", "a time of day such as 02:30, or never", func(c *Config, s string) bool {
		if s == "never" {
			c.Backup.At = TimeOfDay{Never: true}
			return true
		}
		t, err := time.Parse("15:04", s)
		c.Backup.At = TimeOfDay{Hour: t.Hour(), Minute: t.Minute()}
		return err == nil && len(s) == len("15:04")
	})
}

func zone() kind {
	return single("zone", "a name of the IANA time zone database, such as Asia/Shanghai or UTC", func(c *Config, s string) bool {
		loc, err := time.LoadLocation(s)
		c.Zone = loc
		return err == nil && s != "" && s != "Local" // what the machine happens to have is not a configuration
	})
}

func address(at func(*Config) *string, optional bool) kind {
	return single("address", "host:port, such as 127.0.0.1:8080, [::1]:8080 or :8080", func(c *Config, s string) bool {
		*at(c) = s
		if s == "" {
			return optional
		}
		host, port, err := net.SplitHostPort(s)
		if err != nil || strings.ContainsFunc(host, unicode.IsSpace) {
			return false
		}
		n, err := strconv.ParseUint(port, 10, 16)
		return err == nil && strconv.FormatUint(n, 10) == port
	})
}

// webURL reads an absolute http or https address without user, query and fragment.
func webURL(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, false
	}
	return u, u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.HasSuffix(s, "#")
}

func publicURL(at func(*Config) *string) kind {
	return single("url", "an address such as https://tongban.example.org, without a path", func(c *Config, s string) bool {
		*at(c) = strings.TrimSuffix(s, "/")
		if s == "" {
			return true
		}
		u, ok := webURL(s)
		return ok && (u.Path == "" || u.Path == "/")
	})
}

func endpoint(at func(*Config) *string) kind {
	return single("url", "an address such as https://collector.example.org:4318", func(c *Config, s string) bool {
		*at(c) = s
		if s == "" {
			return true
		}
		u, ok := webURL(s)
		return ok && (u.Path == "" || path.Clean(u.Path) == strings.TrimSuffix(u.Path, "/") || u.Path == "/")
	})
}

func databaseURL() kind {
	k := single("url", "an address such as postgres://user:password@host:5432/database", func(c *Config, s string) bool {
		c.Database.URL = log.Secret(s)
		if s == "" {
			return true
		}
		one, _ := cutHosts(s)
		u, err := url.Parse(one)
		return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") &&
			(u.Hostname() != "" || u.Query().Get("host") != "") &&
			!strings.Contains(u.Host, ",") && len(u.Path) > 1
	})
	k.isSecret = func(s string) bool {
		shown, ok := redactURL(s)
		return !ok || shown != s
	}
	k.redact = func(s string) string {
		if shown, ok := redactURL(s); ok {
			return shown
		}
		return log.Secret(s).String()
	}
	return k
}

// masked stands for a password in an address; brackets would be escaped there.
const masked = "xxxxx"

// redactURL masks the passwords in a database address; false when it cannot be read at all. An address without
// one comes back unchanged.
func redactURL(s string) (string, bool) {
	one, hosts := cutHosts(s)
	u, err := url.Parse(one)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return "", false
	}
	changed := false
	if _, set := u.User.Password(); set {
		u.User = url.UserPassword(u.User.Username(), masked)
		changed = true
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, masked)
			changed = true
		}
	}
	if !changed {
		return s, true
	}
	u.RawQuery = query.Encode()
	return strings.Replace(u.String(), "@"+manyHosts, "@"+hosts, 1), true
}

// manyHosts stands for a list of hosts.
const manyHosts = "many.invalid"

// cutHosts puts one host in place of several (host1:5432,host2:5432, as PostgreSQL's clients know them), which
// net/url cannot read; hosts is what stood there.
func cutHosts(s string) (one, hosts string) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s, ""
	}
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	start := strings.LastIndex(rest[:end], "@") + 1
	hosts = rest[start:end]
	if !strings.Contains(hosts, ",") || strings.HasPrefix(hosts, ",") || strings.HasSuffix(hosts, ",") || strings.Contains(hosts, ",,") {
		return s, ""
	}
	return scheme + "://" + rest[:start] + manyHosts + rest[end:], hosts
}

func networks() kind {
	return kind{name: "list", allowed: "networks such as 10.0.0.0/8 or single addresses, as a list or separated by commas", put: func(c *Config, s Setting) bool {
		items := s.List
		if s.Text != "" {
			items = strings.Split(s.Text, ",")
		}
		c.TrustedProxies = nil
		for _, item := range items {
			p, ok := parseNetwork(strings.TrimSpace(item))
			if !ok {
				return false
			}
			c.TrustedProxies = append(c.TrustedProxies, p)
		}
		return s.Map == nil
	}}
}

func parseNetwork(s string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p, err == nil && p == p.Masked() // 10.1.2.3/8 is more likely a mistake than a network
}

func headers() kind {
	return kind{name: "mapping", allowed: "header names to values, as a mapping or as name=value separated by commas", put: func(c *Config, s Setting) bool {
		pairs := s.Map
		if s.Text != "" {
			pairs = map[string]string{}
			for pair := range strings.SplitSeq(s.Text, ",") {
				name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
				if _, twice := pairs[name]; !ok || twice {
					return false
				}
				pairs[name] = value
			}
		}
		c.OTel.Headers = nil
		for name, value := range pairs {
			if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) || value == "" {
				return false
			}
			if c.OTel.Headers == nil {
				c.OTel.Headers = map[string]log.Secret{}
			}
			c.OTel.Headers[name] = log.Secret(value)
		}
		return s.List == nil
	}}
}
