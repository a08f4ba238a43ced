package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

func TestClusterComesAndGoes(t *testing.T) {
	bin := findPostgres()
	if bin == "" {
		if os.Getenv("TONGBAN_TEST_POSTGRES") != "" {
			t.Fatal("PostgreSQL was asked for and is not installed")
		}
		t.Skip("PostgreSQL is not installed")
	}
	// Not t.TempDir: the account of the server has to reach it.
	folder, err := os.MkdirTemp("", "tongban-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	c, err := startCluster(t.Context(), bin, folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	pool, err := sql.Open("pgx", c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var collation string
	const query = `select datcollate from pg_database where datname = current_database()`
	if err := pool.QueryRowContext(t.Context(), query).Scan(&collation); err != nil || collation != "C" {
		t.Fatalf("collation %q, error %v", collation, err)
	}
	c.stop()
	if err := pool.PingContext(t.Context()); err == nil {
		t.Error("the server answers after stop")
	}
}

func TestStepsStopAtTheFirstFailure(t *testing.T) {
	var out bytes.Buffer
	r := &runner{out: &out}
	var ran []string
	step := func(name string, err error) step {
		return step{name, func(context.Context) error {
			ran = append(ran, name)
			return err
		}}
	}
	err := r.steps(t.Context(), step("one", nil), step("two", errors.New("wrong")), step("three", nil))
	if err == nil || err.Error() != "two: wrong" {
		t.Errorf("error %v", err)
	}
	if got := strings.Join(ran, " "); got != "one two" {
		t.Errorf("ran %s", got)
	}
}

func TestCheckFormat(t *testing.T) {
	r := &runner{root: t.TempDir()}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(r.root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("good.go", "package a\n")
	write("made_templ.go", "package   a\n")
	if err := r.checkFormat(t.Context()); err != nil {
		t.Errorf("formatted files are refused: %v", err)
	}
	write("bad.go", "package   a\n")
	if err := r.checkFormat(t.Context()); err == nil || !strings.Contains(err.Error(), "gofmt -w bad.go") {
		t.Errorf("error %v", err)
	}
}

func TestSameFiles(t *testing.T) {
	fresh, ours := t.TempDir(), t.TempDir()
	write := func(folder, name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(fresh, "same_templ.go", "a")
	write(ours, "same_templ.go", "a")
	if err := sameFiles(fresh, ours, templOutput); err != nil {
		t.Errorf("equal folders differ: %v", err)
	}
	write(fresh, "old_templ.go", "new")
	write(ours, "old_templ.go", "old")
	write(fresh, "missing_templ.go", "a")
	write(ours, "left_templ.go", "a")
	err := sameFiles(fresh, ours, templOutput)
	if want := "left_templ.go\nmissing_templ.go\nold_templ.go"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want one that ends with %q", err, want)
	}
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"--short", "--run", "TestX", "./spec"})
	if err != nil || !o.short || o.run != "TestX" || strings.Join(o.packages, " ") != "./spec" {
		t.Errorf("options %+v, error %v", o, err)
	}
	if o, err := parseOptions(nil); err != nil || strings.Join(o.packages, " ") != "./..." {
		t.Errorf("options %+v, error %v", o, err)
	}
}

// TestInterruptReachesWhatWasStarted interrupts a program that has started another one, and waits for both.
func TestInterruptReachesWhatWasStarted(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r := &runner{root: t.TempDir(), out: write}
	cmd := r.command(ctx, nil, "sh", "-c", "sleep 60 & echo started; wait")
	cmd.Stdout = write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	line := make([]byte, len("started\n"))
	if _, err := read.Read(line); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := cmd.Wait(); err == nil {
		t.Error("the program ended well")
	}
	// The pipe ends when the last process that holds it has gone.
	if err := read.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := read.Read(line); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("what was started still runs: read %d, %v", n, err)
	}
}
