package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// callRule keeps functions of a package to their home.
type callRule struct {
	pkg       string
	functions []string
	home      []string // folders that may call them; kernel/db times statements, and its writer outlives its callers; app/doctor compares clocks
	tests     bool     // whether tests may
	instead   string
}

var callRules = []callRule{
	{"time", []string{"Now", "Since", "Until"}, []string{"internal/kernel/clock", "internal/kernel/log", "internal/kernel/db", "internal/app/doctor", "internal/tools", "cmd", "test"},
		true, "take the time from a kernel/clock.Clock"},
	{"time", []string{"Sleep"}, nil, false, "wait for a signal or a condition, with a deadline"},
	{"database/sql", []string{"Open", "OpenDB"}, []string{"internal/kernel/db"}, true, "open databases with kernel/db"},
	{"net/http", []string{"Error"}, []string{"internal/kernel/web"}, true, "return the error; kernel/web answers"},
	{"fmt", []string{"Print", "Printf", "Println"}, []string{"cmd", "internal/tools", "test", "spec"}, false, "log, or write to a given io.Writer"},
	{"log/slog", []string{"Default", "SetDefault", "Debug", "Info", "Warn", "Error"}, []string{"cmd"}, false, "use the logger of Deps"},
	{"context", []string{"Background", "TODO"}, []string{"internal/app", "internal/kernel/db", "internal/tools", "cmd", "test", "spec"}, true, "take ctx from the caller"},
}

// checkCalls keeps calls to their home.
func checkCalls(t *Tree, _ *Plan, say report) {
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if f.Generated {
				continue
			}
			names := f.imports()
			test := f.Test || p.forTests()
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				pkg, ok := sel.X.(*ast.Ident)
				if !ok {
					return true
				}
				for _, r := range callRules {
					if names[pkg.Name] == r.pkg && slices.Contains(r.functions, sel.Sel.Name) &&
						!p.under(r.home...) && !(test && r.tests) {
						say(t.at(sel), "%s.%s: %s", pkg.Name, sel.Sel.Name, r.instead)
					}
				}
				return true
			})
		}
	}
}

// writers are the packages that may open a write transaction.
var writers = []string{"op", "events", "jobs", "clock", "db", "backup"}

// checkWrites keeps write transactions to the operation's pipeline and the kernel's own tables. A call of a
// method Write with two or more arguments is taken for one: io.Writer's has one.
func checkWrites(t *Tree, plan *Plan, say report) {
	used := map[string]bool{}
	t.files(func(p *Package, f *File) {
		if p.Room == "" || p.Kind == Kernel && slices.Contains(writers, p.Room) || p.forTests() {
			return
		}
		for _, decl := range f.Syntax.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) < 2 {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if ok && sel.Sel.Name == "Write" && !allows(plan.Writes, p.Dir+"."+nameOf(decl), used) {
					say(t.at(call), "opens a write transaction: declare an operation and run it with kernel/op")
				}
				return true
			})
		}
	})
	reportUnused(plan.Writes, used, say)
}

// nameOf returns the name of a function; empty for another declaration.
func nameOf(decl ast.Decl) string {
	if fn, ok := decl.(*ast.FuncDecl); ok {
		return fn.Name.Name
	}
	return ""
}

// checkGlobals forbids init functions everywhere, and in modules variables of the package that can change: maps,
// pointers, channels, and whatever is declared without a value. What a constructor of the kernel, errors or
// regexp returns counts as a declaration.
func checkGlobals(t *Tree, _ *Plan, say report) {
	t.files(func(p *Package, f *File) {
		for _, decl := range f.Syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" && p.Kind != Tests {
					say(t.at(d), "init: wire in internal/app")
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR && p.Kind == Module && !p.forTests() && !strings.Contains(d.Doc.Text()+comments(d), "go:embed") {
					checkVars(t, f, d, say)
				}
			}
		}
	})
}

// comments returns the directives above a declaration, which Doc.Text leaves out.
func comments(d *ast.GenDecl) string {
	var b strings.Builder
	groups := []*ast.CommentGroup{d.Doc}
	for _, s := range d.Specs {
		groups = append(groups, s.(*ast.ValueSpec).Doc)
	}
	for _, g := range groups {
		if g == nil {
			continue
		}
		for _, c := range g.List {
			b.WriteString(c.Text)
		}
	}
	return b.String()
}

func checkVars(t *Tree, f *File, d *ast.GenDecl, say report) {
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		for i, name := range v.Names {
			if name.Name == "_" {
				continue
			}
			if i >= len(v.Values) || !constant(f, v.Values[i]) {
				say(t.at(name), "%s can change: keep it in the Service, or make it a function", name.Name)
			}
		}
	}
}

// unchanging are packages whose constructors return what nobody changes afterwards.
var unchanging = []string{"errors", "regexp", "strings", "html/template", "text/template"}

// constant reports whether a variable with this value is a declaration that nobody changes.
func constant(f *File, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit, *ast.FuncLit:
		return true
	case *ast.CompositeLit:
		switch e.Type.(type) {
		case *ast.MapType, *ast.StarExpr:
			return false
		}
		return true
	case *ast.CallExpr:
		fun := e.Fun
		if index, ok := fun.(*ast.IndexExpr); ok {
			fun = index.X
		}
		sel, ok := fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok {
			return false
		}
		path := f.imports()[pkg.Name]
		return slices.Contains(unchanging, path) || strings.HasPrefix(path, modulePath+"/internal/kernel/") ||
			path == "sync" && strings.HasPrefix(sel.Sel.Name, "Once")
	}
	return false
}

// checkPanics keeps panics to the start of the program.
func checkPanics(t *Tree, plan *Plan, say report) {
	used := map[string]bool{}
	t.files(func(p *Package, f *File) {
		if p.forTests() {
			return
		}
		for _, decl := range f.Syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || strings.HasPrefix(fn.Name.Name, "Must") || strings.HasPrefix(fn.Name.Name, "must") {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				id, ok := call.Fun.(*ast.Ident)
				if ok && id.Name == "panic" && !allows(plan.Panics, p.Dir+"."+fn.Name.Name, used) {
					say(t.at(call), "%s panics: return an error", fn.Name.Name)
				}
				return true
			})
		}
	})
	reportUnused(plan.Panics, used, say)
}
