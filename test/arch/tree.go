package arch

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// modulePath is the import path of the program.
const modulePath = "tongban"

// Tree is the text of the program.
type Tree struct {
	Packages   []*Package
	Migrations []Migration
	Templates  []Text          // .templ files
	Words      map[string]bool // all keys of all locales
	Icons      map[string]bool // the names of the icons that are embedded
	fset       *token.FileSet
}

// Package is a folder with Go files.
type Package struct {
	Place
	Files []*File
	sql   []statement
}

// File is a Go file.
type File struct {
	Path      string // relative to the root, with slashes
	Syntax    *ast.File
	Lines     int
	Test      bool
	Generated bool
}

// Text is another file.
type Text struct {
	Place
	Path  string
	Lines int
}

// Migration is a file of SQL with the folder "migrations" above it.
type Migration struct {
	Text
	SQL string
}

// iconsFile names the icons, between spaces.
const iconsFile = "internal/tools/vendorassets/icons.txt"

// Load reads the Go files, templates, migrations, words and names of icons under root, but for what the go tool ignores.
func Load(root string) (*Tree, error) {
	t := &Tree{fset: token.NewFileSet(), Words: map[string]bool{}, Icons: map[string]bool{}}
	packages := map[string]*Package{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && ignored(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return t.read(packages, path, filepath.ToSlash(rel))
	})
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", root, err)
	}
	for _, p := range packages {
		p.sql = t.statements(p)
		t.Packages = append(t.Packages, p)
	}
	slices.SortFunc(t.Packages, func(a, b *Package) int { return cmp.Compare(a.Dir, b.Dir) })
	return t, nil
}

func ignored(folder string) bool {
	return folder == "testdata" || folder == "vendor" || folder == "node_modules" ||
		strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

func (t *Tree) read(packages map[string]*Package, path, rel string) error {
	dir, name := filepath.ToSlash(filepath.Dir(rel)), filepath.Base(rel)
	ending := filepath.Ext(name)
	locale := ending == ".yaml" && filepath.Base(dir) == "locales"
	if ending != ".go" && ending != ".templ" && ending != ".sql" && rel != iconsFile && !locale {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := Text{Place: placeOf(dir), Path: rel, Lines: strings.Count(string(raw), "\n")}
	switch {
	case locale:
		return t.readWords(raw)
	case rel == iconsFile:
		for _, name := range strings.Fields(string(raw)) {
			t.Icons[name] = true
		}
	case ending == ".templ":
		t.Templates = append(t.Templates, text)
	case ending == ".sql":
		t.Migrations = append(t.Migrations, Migration{text, string(raw)})
	default:
		return t.readGo(packages, text, raw)
	}
	return nil
}

func (t *Tree) readGo(packages map[string]*Package, text Text, raw []byte) error {
	syntax, err := parser.ParseFile(t.fset, text.Path, raw, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := packages[text.Dir]
	if p == nil {
		p = &Package{Place: text.Place}
		packages[text.Dir] = p
	}
	p.Files = append(p.Files, &File{
		Path: text.Path, Syntax: syntax, Lines: text.Lines,
		Test: strings.HasSuffix(text.Path, "_test.go"), Generated: ast.IsGenerated(syntax),
	})
	return nil
}

func (t *Tree) readWords(raw []byte) error {
	var words map[string]string
	if err := yaml.Unmarshal(raw, &words); err != nil {
		return err
	}
	for key := range words {
		t.Words[key] = true
	}
	return nil
}

// at returns file:line of a node.
func (t *Tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

// files calls visit for every file that people wrote for the program: no tests, nothing generated.
func (t *Tree) files(visit func(*Package, *File)) {
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if !f.Test && !f.Generated {
				visit(p, f)
			}
		}
	}
}

// modules returns the folders of the modules.
func (t *Tree) modules() []*Package {
	var all []*Package
	for _, p := range t.Packages {
		if p.Kind == Module && p.Sub == "" {
			all = append(all, p)
		}
	}
	return all
}

// rooms returns the modules and the packages of internal/app that describe themselves as one.
func (t *Tree) rooms() []*Package {
	all := t.modules()
	for _, p := range t.Packages {
		if p.Kind == App && slices.ContainsFunc(p.Files, func(f *File) bool {
			return !f.Test && slices.Contains(declared(f), "Module")
		}) {
			all = append(all, p)
		}
	}
	return all
}

// inspect calls visit for every node of what people wrote for the package, with the imports of its file.
func (p *Package) inspect(visit func(names map[string]string, n ast.Node)) {
	for _, f := range p.Files {
		if f.Test || f.Generated {
			continue
		}
		names := f.imports()
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			visit(names, n)
			return true
		})
	}
}

// imports returns, by name in the file, the paths of what a file imports. A package's name is taken to be the
// last part of its path, without a version.
func (f *File) imports() map[string]string {
	byName := map[string]string{}
	for _, imp := range f.Syntax.Imports {
		path, _ := strconv.Unquote(imp.Path.Value) // the parser has checked it
		name := path[strings.LastIndexByte(path, '/')+1:]
		if imp.Name != nil {
			name = imp.Name.Name
		}
		byName[name] = path
	}
	return byName
}
