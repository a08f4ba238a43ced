package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/config"
)

// Streams are the outside of the program.
type Streams struct {
	Out, Err io.Writer
	Env      []string // as from os.Environ
}

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

const description = `通办 Tongban: the self-hosted platform for public services: portal, help desk, terminals and field service, monitoring, e-banking, with one identity and one audit trail.

    tongban demo      to look around
    tongban serve     to run it

Exit codes: 0 done; 1 failed; 2 wrong usage or configuration.`

// grammar is the command line as kong reads it.
type grammar struct {
	globals

	Demo    demoCmd    `cmd:"" help:"Run with a demo organisation, to look around."`
	Serve   serveCmd   `cmd:"" help:"Run the program, until it is told to stop."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to this program, without running."`
	Doctor  doctorCmd  `cmd:"" help:"Check the installation and say what to mend."`
	Backup  backupCmd  `cmd:"" help:"Write everything into one file, also while the program runs."`
	Restore restoreCmd `cmd:"" help:"Rebuild an instance from a backup."`
	Verify  verifyCmd  `cmd:"" help:"Check a backup."`
	Token   tokenCmd   `cmd:"" help:"Print an API token for an account."`
	Version versionCmd `cmd:"" help:"Print the versions of the program and its parts."`
	Help    helpCmd    `cmd:"" help:"List the commands, or explain one."`
}

// helpCmd is --help as a word. Main does it.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command to explain; without it, all are listed."`
}

// env is what a command works with.
type env struct {
	Streams
	globals *globals
	keys    *keyFlags
	clock   clock.Clock
}

// usageError is a mistake of whoever typed the command.
type usageError struct{ error }

// Main runs the command line and returns the exit code.
func Main(s Streams, args []string) int {
	var g grammar
	keys := newKeyFlags()
	left := false // kong printed what was asked for, such as the help
	parser, err := kong.New(&g, kong.Name("tongban"), kong.Description(description), kong.Writers(s.Out, s.Err),
		kong.Exit(func(int) { left = true }), kong.Embed(keys.fields.Interface()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{{Key: "config", Title: "Configuration:"}}),
	)
	if err != nil {
		fmt.Fprintf(s.Err, "tongban: the command line is built wrongly: %v\n", err)
		return exitFailed
	}
	if len(args) == 0 {
		parser.Stdout = s.Err
		_, _ = parser.Parse([]string{"--help"}) // printing is all it does
		return exitUsage
	}
	ctx, err := parser.Parse(args)
	switch {
	case left:
		return exitOK
	case err != nil:
		fmt.Fprintf(s.Err, "tongban: %v\n", err)
		fmt.Fprintln(s.Err, "tongban --help lists the commands, tongban COMMAND --help explains one.")
		return exitUsage
	}
	if strings.HasPrefix(ctx.Command(), "help") {
		return Main(s, append(g.Help.Command, "--help"))
	}
	return report(s, ctx.Run(&env{Streams: s, globals: &g.globals, keys: keys, clock: clock.System()}))
}

// report says what went wrong and returns the exit code for it.
func report(s Streams, err error) int {
	var silent *silentError
	var wrong *config.Error
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &silent):
		return exitFailed
	}
	fmt.Fprintf(s.Err, "tongban: %v\n", err)
	if errors.As(err, &wrong) || errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// silentError is a failure whose words have been printed already.
type silentError struct{}

func (*silentError) Error() string { return "failed" }
