package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// need is something outside the repository that the suite uses.
type need struct {
	what     string
	packages []string // Debian's names
	found    func(context.Context) bool
}

var needs = []need{
	{"a C compiler, for the race detector", []string{"gcc", "libc6-dev"}, hasCompiler},
	{"PostgreSQL", []string{"postgresql"}, func(context.Context) bool { return findPostgres() != "" }},
	{"Chromium", []string{"chromium"}, func(context.Context) bool { return findChromium() != "" }},
	{"a Chinese font", []string{"fontconfig", "fonts-noto-cjk"}, hasChineseFont},
	{"MQTT clients", []string{"mosquitto-clients"}, func(context.Context) bool { return onPath("mosquitto_pub") != "" }},
}

// install finds what the suite needs and, as root on Debian, installs what is missing.
func (r *runner) install(ctx context.Context) error {
	if missing := lacking(ctx); len(missing) > 0 {
		if err := r.aptInstall(ctx, missing); err != nil {
			return err
		}
		if missing = lacking(ctx); len(missing) > 0 {
			return fmt.Errorf("still missing after the installation: %s", names(missing))
		}
	}
	r.postgres, r.chromium = findPostgres(), findChromium()
	return nil
}

func lacking(ctx context.Context) []need {
	return slices.DeleteFunc(slices.Clone(needs), func(n need) bool { return n.found(ctx) })
}

func names(missing []need) string {
	var all []string
	for _, n := range missing {
		all = append(all, n.what)
	}
	return strings.Join(all, ", ")
}

func (r *runner) aptInstall(ctx context.Context, missing []need) error {
	args := []string{"install", "-y", "--no-install-recommends"}
	for _, n := range missing {
		args = append(args, n.packages...)
	}
	if onPath("apt-get") == "" {
		return fmt.Errorf("missing: %s; on Debian: apt-get %s", names(missing), strings.Join(args, " "))
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("missing: %s; run this first:\n\n    sudo apt-get update && sudo apt-get %s",
			names(missing), strings.Join(args, " "))
	}
	fmt.Fprintln(r.out, "installing", names(missing))
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	if err := r.quiet(ctx, env, "apt-get", "update"); err != nil {
		return err
	}
	return r.quiet(ctx, env, "apt-get", args...)
}

func onPath(program string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	return path
}

func hasCompiler(context.Context) bool {
	if onPath("gcc") == "" {
		return false
	}
	_, err := os.Stat("/usr/include/stdlib.h")
	return err == nil
}

func hasChineseFont(ctx context.Context) bool {
	out, err := exec.CommandContext(ctx, "fc-list", ":lang=zh-cn", "family").Output()
	return err == nil && len(out) > 0
}

func findChromium() string {
	if path := os.Getenv("TONGBAN_TEST_CHROMIUM"); path != "" {
		return onPath(path)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path := onPath(name); path != "" {
			return path
		}
	}
	return ""
}

// findPostgres returns the folder of the newest server's programs.
func findPostgres() string {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is valid
	slices.SortFunc(folders, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
	if path := onPath("initdb"); path != "" {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	for _, folder := range folders {
		if onPath(filepath.Join(folder, "initdb")) != "" && onPath(filepath.Join(folder, "postgres")) != "" {
			return folder
		}
	}
	return ""
}

func majorVersion(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // a folder without a number sorts last
	return n
}

// screens hands over to test/screens, with a browser.
func (r *runner) screens(ctx context.Context, args []string) error {
	chromium := findChromium()
	if chromium == "" {
		return errors.New(`no Chromium found; "go run ./test" installs it, or set TONGBAN_TEST_CHROMIUM to its path`)
	}
	env := []string{"TONGBAN_TEST_CHROMIUM=" + chromium}
	return r.stream(ctx, env, "go", append([]string{"run", "./test/screens"}, args...)...)
}
