package arch

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// checkGraph checks the plan itself: every edge has a reason and stands for a real import, nobody imports
// analytics, and there is no circle.
func checkGraph(t *Tree, plan *Plan, say report) {
	const at = "test/arch/plan.go"
	used := moduleImports(t)
	for _, e := range plan.Edges {
		name := e.From + " → " + e.To
		switch {
		case e.Reason == "":
			say(at, "the edge %s has no reason", name)
		case e.To == "analytics":
			say(at, "the edge %s: analytics is imported by nobody", name)
		case !used[e.From][e.To]:
			say(at, "the edge %s is not needed: remove it", name)
		}
	}
	for _, e := range plan.Edges {
		if reaches(plan.Edges, e.To, e.From, map[string]bool{}) {
			say(at, "the edge %s → %s is part of a circle", e.From, e.To)
		}
	}
}

func reaches(edges []Edge, from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, e := range edges {
		if e.From == from && reaches(edges, e.To, to, seen) {
			return true
		}
	}
	return false
}

// moduleImports returns which module imports which, tests left out.
func moduleImports(t *Tree) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, p := range t.Packages {
		if p.Kind != Module || p.forTests() {
			continue
		}
		for _, f := range p.Files {
			for _, to := range f.inside() {
				if f.Test || to.Kind != Module || to.Room == p.Room {
					continue
				}
				if all[p.Room] == nil {
					all[p.Room] = map[string]bool{}
				}
				all[p.Room][to.Room] = true
			}
		}
	}
	return all
}

// inside returns the imports of the file that belong to the program.
func (f *File) inside() []Place {
	var all []Place
	for _, imp := range f.Syntax.Imports {
		path, _ := strconv.Unquote(imp.Path.Value) // the parser has checked it
		if dir, ok := strings.CutPrefix(path, modulePath+"/"); ok {
			all = append(all, placeOf(dir))
		}
	}
	return all
}

// checkImports holds the walls between the parts of the house.
func checkImports(t *Tree, plan *Plan, say report) {
	for _, p := range t.Packages {
		for _, f := range p.Files {
			test := f.Test || p.forTests()
			for _, to := range f.inside() {
				if why := plan.refuses(p.Place, to, test); why != "" {
					say(f.Path, "imports %s: %s", to.Dir, why)
				}
			}
		}
	}
}

// refuses returns why a package must not import another; empty when it may.
func (plan *Plan) refuses(from, to Place, test bool) string {
	switch {
	case to.forTests() && !test:
		return "only tests import what is made for tests"
	case test && from.Kind == Tests:
		return ""
	case to.Kind == App && from.Kind != Command && from.Kind != App && !test:
		return "only the command imports the app"
	case to.Kind == Tool || to.Kind == Command:
		return "nobody imports a program"
	case to.Kind == Module:
		return plan.refusesModule(from, to, test)
	}
	return ""
}

func (plan *Plan) refusesModule(from, to Place, test bool) string {
	switch {
	case from.Kind == App, from.Kind == Module && from.Room == to.Room:
		return ""
	case from.Kind == Kernel:
		return "the kernel knows no module"
	case from.Kind != Module:
		return "only the app and modules import modules"
	case test && (to.Sub == "" || to.Sub == "web" || to.forTests()):
		return ""
	case to.Sub != "":
		return "peers import only the root package of a module"
	case slices.Contains(plan.Base, to.Room) && !slices.Contains(plan.Base, from.Room):
		return ""
	}
	for _, e := range plan.Edges {
		if e.From == from.Room && e.To == to.Room {
			return ""
		}
	}
	return "the plan has no edge " + from.Room + " → " + to.Room
}

// checkComposition demands that internal/app joins every module, with its pages.
func checkComposition(t *Tree, _ *Plan, say report) {
	joined := map[string]bool{}
	folders := map[string]bool{}
	for _, p := range t.Packages {
		folders[p.Dir] = true
		if p.Dir != "internal/app" {
			continue
		}
		for _, f := range p.Files {
			for _, to := range f.inside() {
				if !f.Test {
					joined[to.Dir] = true
				}
			}
		}
	}
	for _, m := range t.modules() {
		if !joined[m.Dir] {
			say(m.Dir, "internal/app does not join this module")
		}
		if web := m.Dir + "/web"; folders[web] && !joined[web] {
			say(web, "internal/app does not join the pages of this module")
		}
	}
}

// checkMigrationSets demands that internal/app makes the tables of every package with a folder of migrations: that
// MigrationSets in its modules.go calls the package's Migrations.
func checkMigrationSets(t *Tree, _ *Plan, say report) {
	made := migrationSets(t)
	for _, m := range t.Migrations {
		owner := placeOf(path.Dir(m.Dir))
		if path.Base(m.Dir) == "migrations" && !owner.forTests() && !made[owner.Dir] {
			say(m.Dir, "internal/app does not make these tables: name them in MigrationSets of modules.go")
		}
	}
}

// migrationSets returns the folders of the packages whose Migrations MigrationSets calls.
func migrationSets(t *Tree) map[string]bool {
	made := map[string]bool{}
	t.files(func(_ *Package, f *File) {
		if f.Path != "internal/app/modules.go" {
			return
		}
		names := f.imports()
		for _, decl := range f.Syntax.Decls {
			if nameOf(decl) != "MigrationSets" {
				continue
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if pkg, function := called(names, call); function == "Migrations" {
						made[strings.TrimPrefix(pkg, modulePath+"/")] = true
					}
				}
				return true
			})
		}
	})
	return made
}
