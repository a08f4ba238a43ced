package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// component is something made by others.
type component struct {
	name, version, licence string
	texts                  []string // licences and notices, in the order of their file names
	files                  []string // what of it is shipped; empty for a Go module
}

// linkedModules asks the go tool which modules are linked into the program.
func linkedModules(ctx context.Context) ([]component, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Module", "./cmd/...")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the program's packages: %w\n%s", err, stderr.Bytes())
	}
	byName := map[string]component{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ Module *module }
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the list of packages: %w", err)
		}
		m := p.Module
		if m == nil || m.Main || byName[m.Path].name != "" {
			continue
		}
		if byName[m.Path], err = m.component(); err != nil {
			return nil, err
		}
	}
	return sorted(byName), nil
}

// module is what the go tool tells about a module.
type module struct {
	Path, Version, Dir string
	Main               bool
	Replace            *module
}

func (m *module) component() (component, error) {
	if m.Replace != nil {
		return m.Replace.component()
	}
	return withTexts(component{name: m.Path, version: m.Version}, m.Dir, func(string) bool { return true })
}

func sorted(byName map[string]component) []component {
	var all []component
	for _, c := range byName {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b component) int { return cmp.Compare(a.name, b.name) })
	return all
}

var legal = regexp.MustCompile(`(?i)^([a-z-]+\.)?(licen[sc]e|copying|notice|unlicense)([-_][a-z0-9_-]+)?(\.(txt|md|mit|bsd|apache))?$`)

// withTexts reads the licences and notices in a folder, and names the licence.
func withTexts(c component, dir string, wanted func(name string) bool) (component, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return c, fmt.Errorf("read the licence of %s: %w", c.name, err)
	}
	for _, e := range entries {
		if e.IsDir() || !legal.MatchString(e.Name()) || !wanted(e.Name()) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return c, err
		}
		c.texts = append(c.texts, tidy(string(raw)))
	}
	if len(c.texts) == 0 {
		return c, fmt.Errorf("%s has no licence file", c.name)
	}
	for _, text := range c.texts { // LICENSE sorts before LICENSE-3RD-PARTY and NOTICE
		c.licence = cmp.Or(c.licence, licenceName(text))
	}
	if c.licence == "" {
		return c, fmt.Errorf("%s has a licence that is not known here: look at it, then add it to licenceName", c.name)
	}
	return c, nil
}

func tidy(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// licenceName recognises the licences that this program may be linked with. The first words that fit decide.
func licenceName(text string) string {
	words := strings.ToLower(strings.Join(strings.Fields(text), " "))
	known := []struct{ has, name string }{
		{"mozilla public license, version 2.0", "MPL-2.0"},
		{"mozilla public license version 2.0", "MPL-2.0"},
		{"apache license version 2.0", "Apache-2.0"},
		{"apache license, version 2.0", "Apache-2.0"},
		{"redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met: 1. redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer. 2. redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the documentation and/or other materials provided with the distribution. this software", "BSD-2-Clause"},
		{"redistribution and use in source and binary forms", "BSD-3-Clause"},
		{"permission is hereby granted, free of charge", "MIT"},
		{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided", "ISC"},
		{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted.", "0BSD"},
	}
	for _, k := range known {
		if strings.Contains(words, k.has) {
			return k.name
		}
	}
	return ""
}

// vendoredAssets reads what internal/tools/vendorassets recorded.
func vendoredAssets(dir string) ([]component, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "vendored.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var recorded []struct {
		Name, Version, Licence string
		Files                  []struct{ Name string }
	}
	if err := json.Unmarshal(raw, &recorded); err != nil {
		return nil, fmt.Errorf("read vendored.json: %w", err)
	}
	byName := map[string]component{}
	for _, r := range recorded {
		c := component{name: r.Name, version: r.Version, licence: r.Licence}
		// Packages of one scope share the licence of the scope: @tabler/core and @tabler/icons.
		scope, _, _ := strings.Cut(strings.TrimPrefix(r.Name, "@"), "/")
		own := map[string]bool{"LICENSE-" + scope + ".txt": true}
		for _, f := range r.Files {
			own[f.Name] = true
			if !legal.MatchString(f.Name) && !strings.HasSuffix(f.Name, ".br") {
				c.files = append(c.files, f.Name)
			}
		}
		if byName[r.Name], err = withTexts(c, dir, func(name string) bool { return own[name] }); err != nil {
			return nil, err
		}
	}
	return sorted(byName), nil
}

// otherFolders returns the folders under internal and test with a licence of their own.
func otherFolders(root string) ([]component, error) {
	byName := map[string]component{}
	for _, top := range []string{"internal", "test"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "vendor" {
				return filepath.SkipDir
			}
			if d.IsDir() || !legal.MatchString(d.Name()) {
				return nil
			}
			rel, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			byName[name], err = withTexts(component{name: name}, filepath.Dir(path), func(string) bool { return true })
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sorted(byName), nil
}
