package config

import (
	"errors"
	"strings"
	"testing"
)

// Whatever a file, a variable and a flag hold, the loader answers with a configuration or with faults that name
// a place, does not crash, and repeats no secret.
func FuzzLoad(f *testing.F) {
	f.Add("addr: :1\nlog: {level: debug}", "TONGBAN_LOG_LEVEL=info", "1")
	f.Add("database:\n  url: postgres://u:hunter22@h/d", "TONGBAN_TRUSTED_PROXIES=10.0.0.0/8", "x")
	f.Add("a: &a [*a]\n<<: *a", "TONGBAN_", "")
	f.Add("? {a: b}\n: c", "TONGBAN_OTEL_HEADERS=a=b,c=d", "-1")
	f.Add("--- !!map\n!!str addr: !!int ':1'", "TONGBAN_BACKUP_AT=never", "0")
	f.Add("metrics: {token: 'hunter22", "TONGBAN_DATABASE_URL=postgres://h1:1,h2:2/d", "9")
	f.Fuzz(func(t *testing.T, text, variable, flag string) {
		l := newLoader()
		l.loadFile("tongban.yaml", []byte(text))
		l.loadEnv([]string{variable})
		l.loadFlags(map[string]string{"jobs.workers": flag, "database.url": "postgres://u:hunter33@" + flag})
		c, err := l.finish()
		var e *Error
		if !errors.As(err, &e) { // the flag with a password is always a fault
			t.Fatalf("loaded %s with %v", c, err)
		}
		for _, fault := range e.Faults {
			if fault.Source == "" || fault.Message == "" || strings.Contains(fault.String(), "hunter33") || strings.ContainsAny(fault.String(), "\n\x1b") {
				t.Fatalf("fault %q", fault)
			}
		}
		checkAlone(t, text)
	})
}

// checkAlone loads a file alone: what is accepted is whole and loads the same again.
func checkAlone(t *testing.T, text string) {
	l := newLoader()
	l.loadFile("tongban.yaml", []byte(text))
	c, err := l.finish()
	if err != nil {
		return
	}
	if c.Zone == nil || c.Addr == "" || len(c.shown) != len(keys) {
		t.Fatalf("incomplete: %s", c)
	}
	again := newLoader()
	again.loadFile("tongban.yaml", []byte(text))
	if d, err := again.finish(); err != nil || d.String() != c.String() {
		t.Fatalf("loads as %s and then as %s, %v", c, d, err)
	}
}
