package operator

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// folder holds the binary; it is removed after the last test.
var folder string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if folder, err = os.MkdirTemp("", "tongban-operator-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		return m.Run()
	}())
}

// build makes the binary, unless TONGBAN_TEST_BINARY names one to test, such as that of a release.
var build = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TONGBAN_TEST_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	path := filepath.Join(folder, "tongban")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "tongban/cmd/tongban")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return path, nil
})

// binary returns the path of the built program.
func binary(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The binary needs nothing of the machine it runs on: no loader, no libraries.
func TestStatic(t *testing.T) {
	t.Parallel()
	f, err := elf.Open(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary is linked dynamically")
		}
	}
	if info, err := os.Stat(binary(t)); err == nil {
		t.Logf("the binary has %d MiB", info.Size()>>20)
	}
}
