package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// walk calls visit with the path, relative to root, of every file with the given ending that the go tool would
// look at.
func walk(root, ending string, visit func(path string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ending) {
			return visit(rel)
		}
		return nil
	})
}

const templOutput = "_templ.go"

// checkFormat compares every Go file with what gofmt makes of it. What templ writes is checked by
// checkGenerated.
func (r *runner) checkFormat(context.Context) error {
	var wrong []string
	err := walk(r.root, ".go", func(path string) error {
		if strings.HasSuffix(path, templOutput) {
			return nil
		}
		src, err := os.ReadFile(filepath.Join(r.root, path))
		if err != nil {
			return err
		}
		formatted, err := format.Source(src)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !bytes.Equal(src, formatted) {
			wrong = append(wrong, path)
		}
		return nil
	})
	if err == nil && len(wrong) > 0 {
		err = fmt.Errorf("not formatted; run: gofmt -w %s", strings.Join(wrong, " "))
	}
	return err
}

// checkGenerated lets templ write its Go files into a copy and compares them with ours, so that a failure
// leaves the folder as it was. api/openapi.json is compared by a test of internal/app.
func (r *runner) checkGenerated(ctx context.Context) error {
	folder := filepath.Join(r.temp, "templ")
	sources, err := copyTree(r.root, folder, ".templ")
	if err != nil || sources == 0 {
		return err
	}
	if err := copyFile(filepath.Join(r.root, "go.mod"), filepath.Join(folder, "go.mod")); err != nil {
		return err
	}
	templ, err := r.toolPath(ctx, "templ")
	if err != nil {
		return err
	}
	generate := r.command(ctx, nil, templ, "generate")
	generate.Dir = folder
	if out, err := generate.CombinedOutput(); err != nil {
		return fmt.Errorf("templ generate: %w\n%s", err, out)
	}
	return sameFiles(folder, r.root, templOutput)
}

// sameFiles compares the files with an ending under two folders.
func sameFiles(fresh, ours, ending string) error {
	stale := map[string]bool{}
	compare := func(path string) error {
		a, errA := os.ReadFile(filepath.Join(fresh, path))
		b, errB := os.ReadFile(filepath.Join(ours, path))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			stale[path] = true
		}
		return nil
	}
	if err := errors.Join(walk(fresh, ending, compare), walk(ours, ending, compare)); err != nil {
		return err
	}
	if len(stale) > 0 {
		return fmt.Errorf("not up to date; run in the folder of go.mod: go tool templ generate\n%s",
			strings.Join(slices.Sorted(maps.Keys(stale)), "\n"))
	}
	return nil
}

// copyTree copies the files with an ending and reports how many there are.
func copyTree(from, to, ending string) (int, error) {
	n := 0
	err := walk(from, ending, func(path string) error {
		n++
		target := filepath.Join(to, path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return copyFile(filepath.Join(from, path), target)
	})
	return n, err
}

func copyFile(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, raw, 0o644)
}

// toolPath returns the program of a tool of go.mod, which runs in any folder.
func (r *runner) toolPath(ctx context.Context, tool string) (string, error) {
	cmd := r.command(ctx, nil, "go", "tool", "-n", tool)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build %s: %w", tool, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (r *runner) checkNotices(ctx context.Context) error {
	return r.quiet(ctx, nil, "go", "run", "./test/notices", "--check")
}

func (r *runner) vet(ctx context.Context) error {
	return r.quiet(ctx, nil, "go", append([]string{"vet"}, r.packages...)...)
}

// staticcheck runs with the checks of staticcheck.conf.
func (r *runner) staticcheck(ctx context.Context) error {
	return r.quiet(ctx, nil, "go", append([]string{"tool", "staticcheck"}, r.packages...)...)
}

const (
	govulncheck         = "golang.org/x/vuln/cmd/govulncheck@v1.1.4"
	vulnerabilityData   = "https://vuln.go.dev"
	vulnerabilitiesSeen = 3 // the exit code of govulncheck when it found some
)

// checkVulnerabilities runs govulncheck when its database answers. Being off line is no failure.
func (r *runner) checkVulnerabilities(ctx context.Context) error {
	address := cmp.Or(os.Getenv("GOVULNDB"), vulnerabilityData)
	if !answers(ctx, address+"/index/db.json") {
		fmt.Fprintln(r.out, "    vulnerability database not reachable: not checked")
		return nil
	}
	bin := filepath.Join(r.temp, "bin")
	if err := r.quiet(ctx, []string{"GOBIN=" + bin}, "go", "install", govulncheck); err != nil {
		fmt.Fprintln(r.out, "    govulncheck not available: not checked")
		return nil
	}
	check := r.command(ctx, nil, filepath.Join(bin, "govulncheck"), append([]string{"-db", address}, r.packages...)...)
	out, err := check.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == vulnerabilitiesSeen {
		return fmt.Errorf("vulnerable code is reached:\n%s", out)
	}
	if err != nil {
		fmt.Fprintf(r.out, "    govulncheck did not finish: not checked\n%s", out)
	}
	return nil
}

func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
