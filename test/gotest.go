package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// testOnBothEngines runs all tests with the race detector, a PostgreSQL cluster and a browser.
func (r *runner) testOnBothEngines(ctx context.Context) error {
	folder := filepath.Join(r.temp, "pg")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	// The server's account has to pass through the parent.
	if err := os.Chmod(r.temp, 0o711); err != nil {
		return err
	}
	c, err := startCluster(ctx, r.postgres, folder)
	if err != nil {
		return err
	}
	defer c.stop()
	env := []string{
		"TONGBAN_TEST_ENGINES=sqlite,postgres",
		"TONGBAN_TEST_POSTGRES=" + c.url,
		"TONGBAN_TEST_CHROMIUM=" + r.chromium,
	}
	flags := []string{"-shuffle=on", "-timeout=20m"}
	if !r.noRace {
		flags = append(flags, "-race")
	}
	return r.goTest(ctx, env, flags...)
}

// test runs the short tests on SQLite. Their results are cached by the go tool.
func (r *runner) test(ctx context.Context) error {
	return r.goTest(ctx, []string{"TONGBAN_TEST_ENGINES=sqlite"}, "-short", "-timeout=5m")
}

// goTest runs go test and prints its summary. Vet has run before, with all its checks.
func (r *runner) goTest(ctx context.Context, env []string, flags ...string) error {
	args := append([]string{"test", "-json", "-vet=off"}, flags...)
	if r.run != "" {
		args = append(args, "-run="+r.run)
	}
	cmd := r.command(ctx, env, "go", append(args, r.packages...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	sum, readErr := summarise(stdout, r.out)
	runErr := cmd.Wait()
	if readErr != nil || ctx.Err() != nil {
		return errors.Join(readErr, ctx.Err(), runErr)
	}
	sum.print(r.out)
	if runErr != nil || sum.failed > 0 {
		return errTestsFailed
	}
	return nil
}
