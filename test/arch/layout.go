package arch

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// checkLayout holds the folders and file names of architecture's table.
func checkLayout(t *Tree, _ *Plan, say report) {
	for _, p := range t.Packages {
		if p.Kind == Unknown {
			say(p.Dir, "the house has no such room: see ARCHITECTURE.md for its wings")
		}
		if why := misplaced(p.Place); why != "" {
			say(p.Dir, "%s", why)
		}
		for _, f := range p.Files {
			if why := misnamed(p.Place, path.Base(f.Path), f); why != "" {
				say(f.Path, "%s", why)
			}
		}
	}
	for _, f := range t.Templates {
		if f.Kind == Module && f.Sub != "web" {
			say(f.Path, "templates of a module stand in its folder web")
		}
	}
	checkMigrationNames(t, say)
}

// misplaced says why a folder of a module must not be there.
func misplaced(p Place) string {
	if p.Kind != Module || p.Sub == "" || p.Sub == "web" || p.Sub == p.Room+"test" ||
		p.Sub == "internal" || strings.HasPrefix(p.Sub, "internal/") {
		return ""
	}
	return fmt.Sprintf("a module has the folders web, %stest, internal, migrations and locales, no other", p.Room)
}

// vague are names that say nothing about what a file holds.
var vague = regexp.MustCompile(`^(util|utils|helper|helpers|common|misc|types|models|shared|base|service|services|handlers|impl)\.go$`)

var webFile = regexp.MustCompile(`^(doc|words|(routes|pages|forms|views|api)(_[a-z0-9]+)*)\.go$`)

func misnamed(p Place, name string, f *File) string {
	switch {
	case f.Test:
		return ""
	case vague.MatchString(name):
		return "the name says nothing: name the file after the thing or the operation it holds"
	case p.Kind == Module && p.Sub == "web" && !f.Generated && !webFile.MatchString(name):
		return "web holds routes, pages, forms, views and api (or such as pages_ticket.go), and templates"
	}
	return ""
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

func checkMigrationNames(t *Tree, say report) {
	next := map[string]int{}
	for _, m := range t.Migrations {
		if path.Base(m.Dir) != "migrations" {
			say(m.Path, "SQL files are migrations: they stand in a folder of that name")
			continue
		}
		next[m.Dir]++
		name := migrationName.FindStringSubmatch(path.Base(m.Path))
		switch {
		case name == nil:
			say(m.Path, "a migration is called NNNN_what.sql")
		case name[1] != fmt.Sprintf("%04d", next[m.Dir]):
			say(m.Path, "migrations are numbered without gaps: this is number %04d", next[m.Dir])
		}
	}
}

// checkModuleShape demands what every module's root package declares, each in its file.
func checkModuleShape(t *Tree, _ *Plan, say report) {
	for _, m := range t.modules() {
		want := map[string]bool{"Service": true, "Deps": true, "New": true, "Module": true}
		main := m.Dir + "/" + m.Room + ".go"
		for _, f := range m.Files {
			if f.Test {
				continue
			}
			for _, name := range declared(f) {
				if want[name] && f.Path != main {
					say(f.Path, "%s is declared in %s.go", name, m.Room)
				}
				delete(want, name)
			}
			checkHomes(t, m, f, say)
		}
		for name := range want {
			say(main, "declares no %s", name)
		}
	}
}

// declared returns the names of a file's types, functions and methods.
func declared(f *File) []string {
	var all []string
	for _, decl := range f.Syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			all = append(all, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if ts, ok := s.(*ast.TypeSpec); ok {
					all = append(all, ts.Name.Name)
				}
			}
		}
	}
	return all
}

// checkHomes keeps declared failures to errors.go, and the names of operations to the module's own.
func checkHomes(t *Tree, m *Package, f *File, say report) {
	names := f.imports()
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		pkg, function := called(names, call)
		switch {
		case pkg == kernelPath("errs") && strings.HasPrefix(function, "Define"):
			if path.Base(f.Path) != "errors.go" {
				say(t.at(call), "failures are declared in errors.go")
			}
			if code, ok := stringArg(call, 1); ok && !strings.HasPrefix(code, m.Room+".") {
				say(t.at(call), "the code %s does not start with %s.", code, m.Room)
			}
		case pkg == kernelPath("op") && function == "New":
			if name, ok := stringArg(call, 0); ok && !strings.HasPrefix(name, m.Room+".") {
				say(t.at(call), "the operation %s does not start with %s.", name, m.Room)
			}
		}
		return true
	})
}

func kernelPath(room string) string { return modulePath + "/internal/kernel/" + room }

// called returns the import path and the name of a called function of another package.
func called(names map[string]string, call *ast.CallExpr) (pkg, function string) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", sel.Sel.Name
	}
	return names[id.Name], sel.Sel.Name
}

// stringArg returns an argument that is a string literal.
func stringArg(call *ast.CallExpr, i int) (string, bool) {
	if i >= len(call.Args) {
		return "", false
	}
	return stringOf(call.Args[i])
}

// checkPackageDocs demands a doc.go with a package comment.
func checkPackageDocs(t *Tree, _ *Plan, say report) {
	for _, p := range t.Packages {
		if !slices.ContainsFunc(p.Files, func(f *File) bool { return !f.Test }) {
			continue
		}
		ok := slices.ContainsFunc(p.Files, func(f *File) bool {
			return path.Base(f.Path) == "doc.go" && f.Syntax.Doc.Text() != ""
		})
		if !ok {
			say(p.Dir, "has no doc.go with a package comment")
		}
	}
}

// checkExportedDocs demands a comment on every exported type, function, method, variable and constant. One on a
// group serves its members.
func checkExportedDocs(t *Tree, _ *Plan, say report) {
	t.files(func(_ *Package, f *File) {
		for _, decl := range f.Syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
					say(t.at(d), "%s has no comment", d.Name.Name)
				}
			case *ast.GenDecl:
				checkGroupDocs(t, d, say)
			}
		}
	})
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

func checkGroupDocs(t *Tree, d *ast.GenDecl, say report) {
	if d.Doc != nil {
		return
	}
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && s.Comment == nil {
				say(t.at(s), "%s has no comment", s.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil {
					say(t.at(s), "%s has no comment", name.Name)
				}
			}
		}
	}
}
