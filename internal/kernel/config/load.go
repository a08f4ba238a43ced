package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

const (
	envPrefix = "TONGBAN_"
	envFile   = "TONGBAN_CONFIG" // names the file
	envTests  = "TONGBAN_TEST_"  // the prefix of the test suite's own variables

	sourceDefault = "default"
)

// Sources is what a configuration is read from. The zero value gives the defaults.
type Sources struct {
	File   string            // the path given on the command line; empty: TONGBAN_CONFIG, or Nearby
	Nearby string            // read when it exists and nobody named a file, if only this user and root can have written it
	Env    []string          // as from os.Environ
	Flags  map[string]string // key to value, for the flags that were given
}

// Path returns the configuration file to read, and whether somebody named it; empty when there is none.
func (s Sources) Path() (path string, named bool) {
	if path = s.File; path == "" {
		path = lookup(s.Env, envFile)
	}
	if path != "" || s.Nearby == "" {
		return path, path != ""
	}
	if _, err := os.Lstat(s.Nearby); errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	return s.Nearby, false
}

// Load returns the configuration that the sources make together: defaults, file, environment, flags, the later
// winning. All faults come at once, as an *Error.
func Load(s Sources) (Config, error) {
	l := newLoader()
	if path, named := s.Path(); path != "" {
		l.readFile(path, named)
	}
	l.loadEnv(s.Env)
	l.loadFlags(s.Flags)
	return l.finish()
}

// loader joins the sources. koanf keeps the winning Setting of each key; only settings that were checked get
// there, and what is wrong is noted.
type loader struct {
	ko     *koanf.Koanf
	faults []Fault
	wrong  map[string]bool // keys with a faulty value in some source
}

func newLoader() *loader {
	l := &loader{ko: koanf.New("."), wrong: map[string]bool{}}
	defaults := map[string]any{}
	for _, k := range keys {
		defaults[k.Name] = Setting{Text: k.Default, Source: sourceDefault}
	}
	l.merge(defaults)
	return l
}

// merge lays checked settings over those before.
func (l *loader) merge(settings map[string]any) {
	if err := l.ko.Load(confmap.Provider(settings, "."), nil); err != nil {
		l.fault(Fault{Source: "configuration", Message: err.Error()})
	}
}

func (l *loader) fault(f Fault) {
	l.faults = append(l.faults, f)
	l.wrong[f.Key] = true
}

// check reports whether the key takes the value, and notes the fault if not.
func (l *loader) check(k Key, s Setting) bool {
	if !k.kind.put(&Config{}, s) {
		l.fault(notAllowed(k, s))
		return false
	}
	return true
}

// lookup returns the value of a variable; of several, the last.
func lookup(environ []string, name string) string {
	value := ""
	for _, entry := range environ {
		if n, v, _ := strings.Cut(entry, "="); n == name {
			value = v
		}
	}
	return value
}

func (l *loader) loadEnv(environ []string) {
	provider := env.Provider(".", env.Opt{
		Prefix:        envPrefix,
		EnvironFunc:   func() []string { return environ },
		TransformFunc: l.fromEnv,
	})
	if err := l.ko.Load(provider, nil); err != nil {
		l.fault(Fault{Source: "environment", Message: err.Error()})
	}
}

// fromEnv makes a variable into a key and its setting; the empty key leaves it out.
func (l *loader) fromEnv(name, value string) (string, any) {
	if value == "" || name == envFile || strings.HasPrefix(name, envTests) {
		return "", nil
	}
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Env == name })
	if i < 0 {
		l.fault(unknown(name, "environment", names(func(k Key) string { return k.Env })))
		return "", nil
	}
	s := Setting{Text: value, Source: name}
	if !l.check(keys[i], s) {
		return "", nil
	}
	return keys[i].Name, s
}

func names(of func(Key) string) []string {
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		if name := of(k); name != "" {
			list = append(list, name)
		}
	}
	return list
}

func (l *loader) loadFlags(flags map[string]string) {
	settings := map[string]any{}
	for name, value := range flags {
		k, ok := find(name)
		s := Setting{Text: value, Source: flagName(name)}
		switch {
		case !ok:
			l.fault(unknown(name, s.Source, names(func(k Key) string { return k.Name })))
		case k.holdsSecret(s):
			l.fault(Fault{Key: name, Source: s.Source, Message: fmt.Sprintf(
				"a secret does not belong on the command line, where every user of the machine can read it; put it into the configuration file or into %s", k.Env)})
		case l.check(k, s):
			settings[name] = s
		}
	}
	l.merge(settings)
}

// finish makes the Config of the winning settings and checks what concerns several of them.
func (l *loader) finish() (Config, error) {
	c := Config{shown: make(map[string]shown, len(keys))}
	for _, k := range keys {
		s, ok := l.ko.Get(k.Name).(Setting)
		if !ok || !k.kind.put(&c, s) {
			l.fault(Fault{Key: k.Name, Source: "configuration", Message: "cannot be set"}) // checked before: a defect
			continue
		}
		c.shown[k.Name] = shown{k.show(s), s.Source}
	}
	l.contradictions(c)
	if len(l.faults) > 0 {
		l.sortFaults()
		return Config{}, &Error{l.faults}
	}
	return c, nil
}

// contradictions notes settings that are right alone and wrong together. Keys with a fault of their own are left
// out: their values here are not what was meant.
func (l *loader) contradictions(c Config) {
	for _, rule := range []struct {
		keys    [2]string // the first is blamed
		broken  bool
		message string
	}{
		{[2]string{"tls.cert", "tls.key"}, c.TLS.Cert != "" && c.TLS.Key == "", "needs tls.key, the private key that belongs to the certificate"},
		{[2]string{"tls.key", "tls.cert"}, c.TLS.Key != "" && c.TLS.Cert == "", "needs tls.cert, the certificate that belongs to the key"},
		{[2]string{"session.idle", "session.absolute"}, c.Session.Idle > c.Session.Absolute,
			fmt.Sprintf("is longer than session.absolute (%s), so that it would never apply", c.shown["session.absolute"].text)},
		{[2]string{"metrics.addr", "addr"}, c.Metrics.Addr != "" && c.Metrics.Addr == c.Addr && !strings.HasSuffix(c.Addr, ":0"),
			"is the same as addr; leave it empty to serve /metrics there"},
		{[2]string{"otel.headers", "otel.endpoint"}, len(c.OTel.Headers) > 0 && c.OTel.Endpoint == "", "needs otel.endpoint, the collector the headers are for"},
	} {
		if rule.broken && !l.wrong[rule.keys[0]] && !l.wrong[rule.keys[1]] {
			l.fault(Fault{Key: rule.keys[0], Source: c.Origin(rule.keys[0]), Message: rule.message})
		}
	}
}

// sortFaults puts the faults of one source together, which reading flags from a map did not.
func (l *loader) sortFaults() {
	slices.SortStableFunc(l.faults, func(a, b Fault) int {
		if strings.HasPrefix(a.Source, "--") && strings.HasPrefix(b.Source, "--") {
			return strings.Compare(a.Source, b.Source)
		}
		return 0
	})
}
