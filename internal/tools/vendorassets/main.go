package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

// pkg is one pinned npm package and what is taken from it.
type pkg struct {
	name, version, licence string
	files                  []take
}

// take is one file of a package: from where, to which name, and how it is prepared.
type take struct {
	from, to string
	prepare  func([]byte) []byte
}

var packages = []pkg{
	{"htmx.org", "4.0.1", "0BSD", []take{
		{"dist/htmx.min.js", "htmx.js", withoutSourceMap},
		{"LICENSE", "LICENSE-htmx.txt", nil},
	}},
	{"@tabler/core", "1.6.1", "MIT", []take{
		{"dist/css/tabler.min.css", "tabler.css", func(b []byte) []byte { return layered("tabler", autoDark(b)) }},
	}},
	{"weui", "2.6.26", "MIT", []take{
		{"dist/style/weui.min.css", "weui.css", func(b []byte) []byte { return layered("weui", b) }},
		{"LICENSE.txt", "LICENSE-weui.txt", nil},
	}},
	{"echarts", "6.1.0", "Apache-2.0", []take{
		{"dist/echarts.common.min.js", "echarts.js", withoutSourceMap},
		{"LICENSE", "LICENSE-echarts.txt", nil},
		{"NOTICE", "NOTICE-echarts.txt", nil},
	}},
	{"@tabler/icons", "3.49.0", "MIT", []take{
		{"LICENSE", "LICENSE-tabler.txt", nil}, // the same text covers @tabler/core, whose package leaves it out
	}},
}

const (
	vendorDir = "internal/kernel/ui/assets/vendor"
	iconsFile = "internal/kernel/ui/icons_gen.go"
	namesFile = "internal/tools/vendorassets/icons.txt"
)

// entry describes one package in vendored.json.
type entry struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Licence  string `json:"licence"`
	Archive  string `json:"archive_sha256"`
	Contents []file `json:"files"`
}

// file describes one kept file.
type file struct {
	Name   string `json:"name"`
	From   string `json:"from"`
	Source string `json:"source_sha256"` // as published; equal to SHA256 where the file is kept unchanged
	SHA256 string `json:"sha256"`
	Size   int    `json:"size"`
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatalf("vendorassets: %v", err)
	}
}

func run() error {
	if _, err := os.Stat("go.mod"); err != nil {
		return errors.New("run it in the root of the module")
	}
	tmp, err := os.MkdirTemp("", "vendorassets")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.MkdirAll(vendorDir, 0o755); err != nil {
		return err
	}
	var entries []entry
	for _, p := range packages {
		e, contents, err := fetch(tmp, p)
		if err != nil {
			return fmt.Errorf("%s@%s: %w", p.name, p.version, err)
		}
		entries = append(entries, e)
		if p.name == "@tabler/icons" {
			if err := writeIcons(contents); err != nil {
				return err
			}
		}
	}
	return writeManifests(entries)
}

// fetch packs one package, writes its kept files and returns its description and its unpacked contents.
func fetch(dir string, p pkg) (entry, map[string][]byte, error) {
	cmd := exec.Command("npm", "pack", p.name+"@"+p.version, "--silent", "--pack-destination", dir)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return entry{}, nil, fmt.Errorf("npm pack: %w", err)
	}
	archive, err := os.ReadFile(filepath.Join(dir, filepath.Base(strings.TrimSpace(string(out)))))
	if err != nil {
		return entry{}, nil, err
	}
	contents, err := unpack(archive)
	if err != nil {
		return entry{}, nil, err
	}
	e := entry{Name: p.name, Version: p.version, Licence: p.licence, Archive: sum(archive)}
	for _, t := range p.files {
		raw, ok := contents[t.from]
		if !ok {
			return entry{}, nil, fmt.Errorf("has no %s", t.from)
		}
		kept := raw
		if t.prepare != nil {
			kept = t.prepare(raw)
		}
		if err := os.WriteFile(filepath.Join(vendorDir, t.to), kept, 0o644); err != nil {
			return entry{}, nil, err
		}
		e.Contents = append(e.Contents, file{t.to, t.from, sum(raw), sum(kept), len(kept)})
		if ext := filepath.Ext(t.to); ext == ".js" || ext == ".css" {
			small := squeeze(kept)
			if err := os.WriteFile(filepath.Join(vendorDir, t.to+".br"), small, 0o644); err != nil {
				return entry{}, nil, err
			}
			e.Contents = append(e.Contents, file{t.to + ".br", t.from, sum(raw), sum(small), len(small)})
		}
	}
	return e, contents, nil
}

func unpack(archive []byte) (map[string][]byte, error) {
	gz, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	contents := map[string][]byte{}
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return contents, nil
		}
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		contents[strings.TrimPrefix(h.Name, "package/")] = b
	}
}

// squeeze compresses at the highest level: it costs seconds, which is why it is done here and not at start-up.
func squeeze(b []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 22})
	_, _ = w.Write(b) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func writeManifests(entries []entry) error {
	raw, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(vendorDir, "vendored.json"), append(raw, '\n'), 0o644); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("# Vendored front-end files\n\nWritten by `go run ./internal/tools/vendorassets`; do not edit by hand. `vendored.json` has the hashes.\n" +
		"Style sheets are wrapped in a cascade layer, so that our own rules win without a fight over specificity;\n" +
		"Tabler's dark rules are repeated for `data-bs-theme=auto`. `.br` files are the same bytes, compressed.\n\n" +
		"| package | version | licence | files |\n|---|---|---|---|\n")
	for _, e := range entries {
		var names []string
		for _, f := range e.Contents {
			if !strings.HasSuffix(f.Name, ".br") {
				names = append(names, "`"+f.Name+"`")
			}
		}
		if e.Name == "@tabler/icons" {
			names = append(names, "outlines in `../../icons_gen.go`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", e.Name, e.Version, e.Licence, strings.Join(names, ", "))
	}
	return os.WriteFile(filepath.Join(vendorDir, "VENDORED.md"), []byte(b.String()), 0o644)
}
