package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tongban/internal/app/doctor"
	"tongban/internal/kernel/config"
)

// call runs a command line and returns its exit code and what it printed.
func call(env []string, args ...string) (code int, out, faults string) {
	var o, f bytes.Buffer
	code = Main(Streams{Out: &o, Err: &f, Env: env}, args)
	return code, o.String(), f.String()
}

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"--help"}, exitOK, "tongban demo"},
		{"help as a word", []string{"help"}, exitOK, "tongban demo"},
		{"help of a command", []string{"help", "restore"}, exitOK, "before-restore-TIME"},
		{"help of no command", []string{"help", "restor"}, exitUsage, `did you mean "restore"`},
		{"version", []string{"version"}, exitOK, "sqlite"},
		{"nothing", nil, exitUsage, "Usage: tongban"},
		{"unknown command", []string{"serv"}, exitUsage, `did you mean "serve"`},
		{"unknown key", []string{"migrate", "--set", "x=1"}, exitUsage, "there is no such key"},
		{"failed", []string{"verify", "/none"}, exitFailed, "no such file"},
		{"backup to no name", []string{"backup", ""}, exitUsage, "name the file to write"},
		{"verify a folder", []string{"verify", "."}, exitFailed, "is a folder"},
		{"restore a folder", []string{"restore", "."}, exitFailed, "is a folder"},
		{"a check failed", []string{"doctor", "--set", "x=1"}, exitFailed, "there is no such key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, faults := call(nil, tc.args...)
			if code != tc.code || !strings.Contains(out+faults, tc.says) {
				t.Errorf("got %d, want %d and %q:\n%s%s", code, tc.code, tc.says, out, faults)
			}
			if (code == exitOK) != (faults == "") && tc.name != "a check failed" {
				t.Errorf("code %d with this on standard error: %s", code, faults)
			}
		})
	}
}

// Every key that is no secret is a flag, and flags win.
func TestEveryKeyIsAFlag(t *testing.T) {
	for _, k := range config.Keys() {
		value := k.Default
		if value == "" {
			value = "x"
		}
		code, out, faults := call(nil, "doctor", "--data", "/none", "--help", "--"+strings.ReplaceAll(strings.ReplaceAll(k.Name, ".", "-"), "_", "-")+"="+value)
		if k.Flag == "" {
			continue // a secret has none; config refuses it with --set too
		}
		if code != exitOK {
			t.Errorf("%s: %d %s %s", k.Flag, code, out, faults)
		}
	}
	_, _, faults := call([]string{"TONGBAN_LOG_LEVEL=info"}, "migrate", "--log-level=loud")
	if !strings.Contains(faults, "--log-level") {
		t.Errorf("the flag did not win: %s", faults)
	}
}

func TestTable(t *testing.T) {
	got := table([][]string{{"角色", "Login", "x"}, {"系统管理员", "a", "y"}, {"é", "zhaoyu", "z"}})
	want := []string{
		"角色         Login    x",
		"系统管理员   a        y",
		"é            zhaoyu   z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestColoursOnlyOnATerminal(t *testing.T) {
	e := &env{Streams: Streams{Out: &bytes.Buffer{}}}
	if e.painter().on {
		t.Error("a buffer is no terminal")
	}
	if got := (painter{}).status(doctor.Fail, "x"); got != "x" {
		t.Errorf("%q", got)
	}
	if got := (painter{on: true}).bold("x"); got != "\x1b[1mx\x1b[0m" {
		t.Errorf("%q", got)
	}
}

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		err  error
		code int
		says string
	}{
		{nil, exitOK, ""},
		{errors.New("no"), exitFailed, "tongban: no\n"},
		{&silentError{}, exitFailed, ""},
		{fmt.Errorf("load: %w", usageError{errors.New("wrong")}), exitUsage, "tongban: load: wrong\n"},
		{&config.Error{Faults: []config.Fault{{Source: "f", Message: "m"}}}, exitUsage, "tongban: the configuration has a fault:\n  f: m\n"},
	} {
		var out bytes.Buffer
		if code := report(Streams{Err: &out}, tc.err); code != tc.code || out.String() != tc.says {
			t.Errorf("%v: got %d %q", tc.err, code, out.String())
		}
	}
}

func TestARefusedRestoreLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "no.backup")
	if err := os.WriteFile(file, []byte("no backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "new", "data")
	if code, _, faults := call(nil, "restore", file, "--data", data); code != exitFailed {
		t.Errorf("%d: %s", code, faults)
	}
	if _, err := os.Stat(filepath.Dir(data)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it left its folder: %v", err)
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	call(nil, "restore", file, "--data", data)
	if _, err := os.Stat(data); err != nil {
		t.Errorf("it removed a folder it had not made: %v", err)
	}
}

func TestATokenForNobodyIsRefusedInASentence(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if code, _, faults := call(nil, "migrate", "--data", data); code != exitOK {
		t.Fatal(faults)
	}
	code, _, faults := call(nil, "token", "--as", "nobody", "--data", data)
	if code != exitFailed || !strings.Contains(faults, `there is no account with the login name "nobody"`) || strings.Contains(faults, "not_found") {
		t.Errorf("%d: %s", code, faults)
	}
}
