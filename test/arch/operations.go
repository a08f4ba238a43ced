package arch

import (
	"go/ast"
	"go/token"
	"regexp"
)

// checkOperations demands that what a package declares reaches its Module: that every operation is bound, and the
// type of every fact listed. It goes by names within the package and takes a shadowed one for the one it hides.
func checkOperations(t *Tree, _ *Plan, say report) {
	for _, p := range t.Packages {
		if p.Kind != Tests && !p.forTests() {
			checkBound(t, p, say)
		}
	}
	for _, p := range t.rooms() {
		checkFacts(t, p, say)
	}
}

// checkBound demands that each variable made by op.New is the first argument of an op.Bind.
func checkBound(t *Tree, p *Package, say report) {
	var made []*ast.Ident
	bound := map[string]bool{}
	p.inspect(func(names map[string]string, n ast.Node) {
		if call, ok := n.(*ast.CallExpr); ok && callsOp(names, call, "Bind") && len(call.Args) > 0 {
			if id, ok := call.Args[0].(*ast.Ident); ok {
				bound[id.Name] = true
			}
		}
		variables, values := assigned(n)
		for i, value := range values {
			if call, ok := value.(*ast.CallExpr); ok && callsOp(names, call, "New") && i < len(variables) {
				if id, ok := variables[i].(*ast.Ident); ok {
					made = append(made, id)
				}
			}
		}
	})
	for _, id := range made {
		if !bound[id.Name] {
			say(t.at(id), "nobody binds the operation %s: the registry does not know it", id.Name)
		}
	}
}

func callsOp(names map[string]string, call *ast.CallExpr, function string) bool {
	pkg, name := called(names, call)
	return pkg == kernelPath("op") && name == function
}

// assigned returns the two sides of a declaration or an assignment.
func assigned(n ast.Node) (variables, values []ast.Expr) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return n.Lhs, n.Rhs
	case *ast.ValueSpec:
		for _, name := range n.Names {
			variables = append(variables, name)
		}
		return variables, n.Values
	}
	return nil, nil
}

var factName = regexp.MustCompile(`^Fact[A-Z]`)

// checkFacts demands that each constant Fact… is named in the field Facts of the room's module.Module.
func checkFacts(t *Tree, p *Package, say report) {
	listed := map[string]bool{}
	p.inspect(func(names map[string]string, n ast.Node) {
		if lit, ok := n.(*ast.CompositeLit); ok && isType(names, lit.Type, "module", "Module") {
			if facts := fieldOf(lit, "Facts"); facts != nil {
				p.names(facts, listed)
			}
		}
	})
	p.inspect(func(_ map[string]string, n ast.Node) {
		d, ok := n.(*ast.GenDecl)
		if !ok {
			return
		}
		for _, fact := range textConstants(d, factName) {
			if !listed[fact.name.Name] {
				say(t.at(fact.name), "the Facts of the module do not list %s", fact.name.Name)
			}
		}
	})
}

// names notes the names in a node, and those in the functions and variables of the package that it names.
func (p *Package) names(n ast.Node, seen map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || seen[id.Name] {
			return true
		}
		seen[id.Name] = true
		for _, d := range p.declarations(id.Name) {
			p.names(d, seen)
		}
		return true
	})
}

// declarations returns the bodies of the functions and methods called name, and the value of the variable.
func (p *Package) declarations(name string) []ast.Node {
	var all []ast.Node
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		for _, decl := range f.Syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == name && d.Body != nil {
					all = append(all, d.Body)
				}
			case *ast.GenDecl:
				all = append(all, valuesOf(d, name)...)
			}
		}
	}
	return all
}

func valuesOf(d *ast.GenDecl, name string) []ast.Node {
	if d.Tok != token.VAR {
		return nil
	}
	var all []ast.Node
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		for i, id := range v.Names {
			if id.Name == name && i < len(v.Values) {
				all = append(all, v.Values[i])
			}
		}
	}
	return all
}
