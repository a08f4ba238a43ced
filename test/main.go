package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case errors.Is(err, errTestsFailed): // the summary has said so, and stays the last thing printed
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "\nFAIL:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	r := &runner{root: root, out: os.Stdout}
	if len(args) > 0 {
		switch args[0] {
		case "screens":
			return r.screens(ctx, args[1:])
		case "notices":
			return r.stream(ctx, nil, "go", append([]string{"run", "./test/notices"}, args[1:]...)...)
		}
	}
	if r.options, err = parseOptions(args); err != nil {
		return err
	}
	return r.everything(ctx)
}

// options say what to run.
type options struct {
	short, noRace, keep bool
	run                 string
	packages            []string
}

func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("go run ./test", flag.ContinueOnError)
	flags.BoolVar(&o.short, "short", false, "the inner loop: format, vet, short tests on SQLite; installs nothing")
	flags.BoolVar(&o.noRace, "no-race", false, "build the tests without the race detector")
	flags.BoolVar(&o.keep, "keep", false, "keep the temporary folder with the database files and logs")
	flags.StringVar(&o.run, "run", "", "run only the tests that match `REGEXP`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.packages = flags.Args(); len(o.packages) == 0 {
		o.packages = []string{"./..."}
	}
	return o, nil
}
