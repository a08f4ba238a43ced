//go:build unix

package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// info is a file of another user, which a test could only make as root.
type info struct {
	mode fs.FileMode
	uid  uint32
}

func (i info) Name() string       { return "tongban.yaml" }
func (i info) Size() int64        { return 1 }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return &syscall.Stat_t{Uid: i.uid} }

func TestModeOfAFileOfAnotherUser(t *testing.T) {
	t.Parallel()
	other := uint32(os.Geteuid() + 1)
	secrets := []string{"metrics.token"}
	for mode, ok := range map[fs.FileMode]bool{
		0o640: true, 0o440: true, 0o644: false, 0o660: false, 0o602: false, fs.ModeNamedPipe | 0o666: true,
	} {
		message := checkMode("/etc/tongban/it's.yaml", info{mode, other}, secrets)
		if ok != (message == "") {
			t.Errorf("mode %s: %q", mode, message)
		}
		if !ok && !strings.HasSuffix(message, `chmod 600 '/etc/tongban/it'\''s.yaml'`) {
			t.Errorf("mode %s: %q", mode, message)
		}
	}
	if checkMode("x", info{0o640, uint32(os.Geteuid())}, secrets) == "" {
		t.Error("one's own file need not be readable by a group")
	}
}

// A file that nobody named counts only where nobody else can have put it there.
func TestANearbyFile(t *testing.T) {
	t.Parallel()
	own := uint32(os.Geteuid())
	for _, tc := range []struct {
		file info
		says string
	}{
		{info{0o600, own}, ""},
		{info{0o644, own}, ""},
		{info{0o644, 0}, ""},
		{info{0o644, own + 1}, "another user"},
		{info{0o664, own}, "chmod go-w"},
		{info{0o646, 0}, "chmod go-w"},
	} {
		got := checkNearby("tongban.yaml", tc.file)
		if (got == "") != (tc.says == "") || !strings.Contains(got, tc.says) {
			t.Errorf("%+v: %q, want %q", tc.file, got, tc.says)
		}
	}
	path := filepath.Join(t.TempDir(), "tongban.yaml")
	load := func(s Sources) (string, error) {
		s.Nearby = path
		c, err := Load(s)
		return c.Addr, err
	}
	if addr, err := load(Sources{}); err != nil || addr == ":1234" {
		t.Errorf("without the file: %q, %v", addr, err)
	}
	if err := os.WriteFile(path, []byte("addr: :1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if addr, err := load(Sources{}); err != nil || addr != ":1234" {
		t.Errorf("with the file: %q, %v", addr, err)
	}
	if err := os.Chmod(path, 0o620); err != nil {
		t.Fatal(err)
	}
	if _, err := load(Sources{}); err == nil || !strings.Contains(err.Error(), "not read unasked") {
		t.Errorf("a file others may write: %v", err)
	}
	if addr, err := load(Sources{Env: []string{"TONGBAN_CONFIG=" + path}}); err != nil || addr != ":1234" {
		t.Errorf("the same, named: %q, %v", addr, err)
	}
	if err := os.Rename(path, path+".real"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path+".real", path); err != nil {
		t.Fatal(err)
	}
	if _, err := load(Sources{}); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("a link: %v", err)
	}
}
