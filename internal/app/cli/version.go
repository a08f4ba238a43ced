package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	sqlite3 "modernc.org/sqlite/lib"
)

// release is set by the release build: -ldflags "-X tongban/internal/app/cli.release=1.2.3".
var release string

// version returns the version of the program; "devel" for a build that is no release.
func version() string {
	if release == "" {
		return "devel"
	}
	return release
}

// commit returns the commit the program was built from, with "+" where files were changed; empty when unknown.
func commit() string {
	revision, mark := setting("vcs.revision"), ""
	if setting("vcs.modified") == "true" {
		mark = "+"
	}
	if revision == "" {
		return ""
	}
	return revision + mark
}

func setting(key string) string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

func dependency(path string) string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return "unknown"
	}
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return "unknown"
}

type versionCmd struct{}

// Help explains the command.
func (versionCmd) Help() string {
	return `Prints what a report of a fault should name: the version, the commit it was built from, and the versions of Go and of the database engines.`
}

// Run prints the versions.
func (versionCmd) Run(e *env) error {
	built := commit()
	if built == "" {
		built = "unknown"
	} else if at := setting("vcs.time"); at != "" {
		built += " (" + at + ")"
	}
	for _, line := range table([][]string{
		{"tongban", version()},
		{"commit", built},
		{"go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
		{"sqlite", sqlite3.SQLITE_VERSION + " (modernc.org/sqlite " + dependency("modernc.org/sqlite") + ")"},
		{"postgresql", "by pgx " + dependency("github.com/jackc/pgx/v5")},
	}) {
		fmt.Fprintln(e.Out, line)
	}
	return nil
}
