package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// runner runs the steps of one call.
type runner struct {
	options
	root     string // the folder of go.mod
	out      io.Writer
	temp     string // for this run alone; removed at the end
	chromium string
	postgres string // the folder of the server's programs
}

// step is one part of a run. Whatever it prints belongs to it; its error says what to do.
type step struct {
	name string
	run  func(ctx context.Context) error
}

var errTestsFailed = errors.New("tests failed")

func (r *runner) everything(ctx context.Context) (err error) {
	if r.temp, err = os.MkdirTemp("", "tongban-test-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.removeTemp()) }()
	if r.short {
		return r.steps(ctx, step{"format", r.checkFormat}, step{"vet", r.vet}, step{"tests", r.test})
	}
	return r.steps(ctx,
		step{"needs", r.install},
		step{"format", r.checkFormat},
		step{"generated files", r.checkGenerated},
		step{"third-party notices", r.checkNotices},
		step{"vet", r.vet},
		step{"staticcheck", r.staticcheck},
		step{"vulnerabilities", r.checkVulnerabilities},
		step{"tests", r.testOnBothEngines},
	)
}

func (r *runner) removeTemp() error {
	if r.keep {
		fmt.Fprintln(r.out, "kept:", r.temp)
		return nil
	}
	return os.RemoveAll(r.temp)
}

// steps runs one step after the other and stops at the first that fails. The tests print the end of the run, so
// the time they took comes from go test.
func (r *runner) steps(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		fmt.Fprintf(r.out, "==> %s\n", s.name)
		start := time.Now()
		err := s.run(ctx)
		if errors.Is(err, errTestsFailed) {
			return err
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.name != "tests" {
			fmt.Fprintf(r.out, "    %s\n", time.Since(start).Round(10*time.Millisecond))
		}
	}
	return nil
}

// command prepares a program that is told to stop, with all it has started, when ctx ends.
func (r *runner) command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// stream runs a program whose output people want to follow.
func (r *runner) stream(ctx context.Context, env []string, name string, args ...string) error {
	cmd := r.command(ctx, env, name, args...)
	cmd.Stdout, cmd.Stderr = r.out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}

// quiet runs a program whose output matters only when it fails.
func (r *runner) quiet(ctx context.Context, env []string, name string, args ...string) error {
	cmd := r.command(ctx, env, name, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// moduleRoot finds the module, so that the command works from every folder in it.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", errors.New("not in the module: change into its folder first")
	}
	return filepath.Dir(mod), nil
}
