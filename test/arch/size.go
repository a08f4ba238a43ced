package arch

import (
	"go/ast"
	"slices"
)

// Limits are the budgets, in lines.
type Limits struct {
	Function, FunctionP95, File, Package int
	TestFunction, TestFile               int
	Template                             int // of a module; the widget kit's may be longer
}

// checkSize holds the budgets. Generated code is left out.
func checkSize(t *Tree, plan *Plan, say report) {
	used, limits := map[string]bool{}, plan.Limits
	over := func(what, at string, lines, limit int) {
		if lines > limit && !allows(plan.Oversize, what, used) {
			say(at, "%s has %d lines, the limit is %d", what, lines, limit)
		}
	}
	var lengths []int
	for _, p := range t.Packages {
		total := 0
		for _, f := range p.Files {
			if f.Generated {
				continue
			}
			fileLimit, functionLimit := limits.File, limits.Function
			if f.Test {
				fileLimit, functionLimit = limits.TestFile, limits.TestFunction
			} else {
				total += f.Lines
			}
			over(f.Path, f.Path, f.Lines, fileLimit)
			for _, fn := range t.functions(f) {
				over(p.Dir+"."+fn.name, fn.at, fn.lines, functionLimit)
				if !f.Test {
					lengths = append(lengths, fn.lines)
				}
			}
		}
		over(p.Dir, p.Dir, total, limits.Package)
	}
	for _, f := range t.Templates {
		if f.Kind == Module {
			over(f.Path, f.Path, f.Lines, limits.Template)
		}
	}
	if p95 := percentile95(lengths); p95 > limits.FunctionP95 {
		say(".", "one function in twenty has %d lines or more, the limit is %d", p95, limits.FunctionP95)
	}
	reportUnused(plan.Oversize, used, say)
}

type function struct {
	name, at string
	lines    int
}

func (t *Tree) functions(f *File) []function {
	var all []function
	for _, decl := range f.Syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			lines := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1
			all = append(all, function{fn.Name.Name, t.at(fn), lines})
		}
	}
	return all
}

func percentile95(lengths []int) int {
	if len(lengths) == 0 {
		return 0
	}
	slices.Sort(lengths)
	return lengths[len(lengths)*95/100]
}
