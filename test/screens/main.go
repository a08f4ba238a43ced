package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"tongban/test/browser"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./test screens DIR")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "screens:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) (err error) {
	temp, err := os.MkdirTemp("", "tongban-screens-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	prefixes, err := wordPrefixes("internal")
	if err != nil {
		return err
	}
	demo, err := startDemo(ctx, temp)
	if err != nil {
		return err
	}
	defer demo.stop()
	b, err := browser.Launch(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	s := newSurvey(b, demo.organisation, dir, prefixes)
	if err := s.run(); err != nil {
		return err
	}
	if err := s.writeSheet(filepath.Join(dir, "index.html")); err != nil {
		return err
	}
	fmt.Printf("%d pictures of %d people: %s\n", len(s.shots), len(demo.organisation.Accounts)+1, filepath.Join(dir, "index.html"))
	return s.verdict()
}
