package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"
)

// organisation is what "tongban demo --accounts-json" tells about itself.
type organisation struct {
	Address  string    `json:"address"`
	Accounts []account `json:"accounts"`
	Faces    []string  `json:"faces"` // where each face starts
}

// account is a person of the demo organisation.
type account struct {
	Login    string `json:"login"` // empty for a visitor who does not sign in
	Password string `json:"password"`
	Role     string `json:"role"`
	Name     string `json:"name"`
}

// demo is the running program.
type demo struct {
	organisation organisation
	program      *exec.Cmd
	ended        chan struct{}
	output       *tail
}

const startLimit = time.Minute

// startDemo builds the program and starts it with a demo organisation in folder.
func startDemo(ctx context.Context, folder string) (*demo, error) {
	binary := filepath.Join(folder, "tongban")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/tongban").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	file := filepath.Join(folder, "accounts.json")
	d := &demo{ended: make(chan struct{}), output: &tail{}}
	d.program = exec.Command(binary, "demo", "--data", filepath.Join(folder, "data"),
		"--addr", "127.0.0.1:0", "--accounts-json", file)
	d.program.Stdout, d.program.Stderr = d.output, d.output
	if err := d.program.Start(); err != nil {
		return nil, fmt.Errorf("start the program: %w", err)
	}
	go func() {
		defer close(d.ended)
		_ = d.program.Wait() // how it ended is told by its output
	}()
	if err := d.await(ctx, file); err != nil {
		d.stop()
		return nil, fmt.Errorf("%w\n%s", err, d.output.text())
	}
	return d, nil
}

// await waits until the program has written its accounts.
func (d *demo) await(ctx context.Context, file string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		// The file may be half written: then it is no JSON yet.
		if raw, err := os.ReadFile(file); err == nil && json.Unmarshal(raw, &d.organisation) == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-d.ended:
			return errors.New("the demo ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("wait for the demo: %w", ctx.Err())
		}
	}
}

// stop ends the program gracefully and waits for it.
func (d *demo) stop() {
	_ = d.program.Process.Signal(syscall.SIGTERM) // it fails only when the program has ended
	select {
	case <-d.ended:
	case <-time.After(15 * time.Second):
		_ = d.program.Process.Kill()
		<-d.ended
	}
}

// tail keeps the end of a program's output.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 8 << 10

// Write keeps the last bytes.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	t.buf = bytes.Clone(t.buf[max(0, len(t.buf)-tailSize):])
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

var keyPrefix = regexp.MustCompile(`(?m)^"?([a-z][a-z0-9_]*)\.`)

// wordPrefixes returns the first parts of all translation keys under root.
func wordPrefixes(root string) ([]string, error) {
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) != "locales" {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, m := range keyPrefix.FindAllSubmatch(raw, -1) {
			found[string(m[1])] = true
		}
		return err
	})
	return slices.Sorted(maps.Keys(found)), err
}
