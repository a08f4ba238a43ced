package arch

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
)

// checkWords demands that every key a program text names has a translation. Generated files count: templates
// become Go. A call of a function or method T with a literal key, one of a method Done with five arguments or
// more, a declared failure, an operation, a permission, a kind of thing, a page's help, and the fields of
// literalKeys each name one; so does every room.
func checkWords(t *Tree, _ *Plan, say report) {
	demand := func(at, key string) {
		if !t.Words[key] {
			say(at, "the key %q has no translation", key)
		}
	}
	for _, m := range t.rooms() {
		demand(m.Dir, "module."+path.Base(m.Dir))
	}
	for _, p := range t.Packages {
		if p.Kind == Tests || p.forTests() {
			continue
		}
		for _, f := range p.Files {
			if !f.Test {
				t.eachKey(p, f, demand)
			}
		}
	}
}

func (t *Tree) eachKey(p *Package, f *File, visit func(at, key string)) {
	names := f.imports()
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if key, ok := keyOfCall(names, n); ok {
				visit(t.at(n), key)
			}
		case *ast.CompositeLit:
			for _, key := range keysOfLiteral(names, n.Type, n) {
				visit(t.at(n), key)
			}
		case *ast.KeyValueExpr:
			if page, ok := stringOf(n.Value); ok && page != "" && isIdent(n.Key, "HelpKey") {
				visit(t.at(n), "help."+page+".title")
				visit(t.at(n), "help."+page+".text")
			}
		case *ast.GenDecl:
			for _, permission := range permissions(p, names, n) {
				visit(t.at(n), "perm."+permission)
			}
			for _, kind := range kindsOfThings(p, n) {
				visit(t.at(kind.name), "thing."+kind.text)
			}
		}
		return true
	})
}

func keyOfCall(names map[string]string, call *ast.CallExpr) (string, bool) {
	pkg, function := called(names, call)
	if id, ok := call.Fun.(*ast.Ident); ok {
		function = id.Name
	}
	switch {
	case function == "T":
		return stringArg(call, keyPosition(call)) // T(key, …) or T(ctx, key, …)
	case function == "Done":
		return stringArg(call, 4) // Done(w, r, to, receipt, key, …)
	case pkg == kernelPath("errs") && (function == "Define" || function == "DefineStatus"):
		code, ok := stringArg(call, 1)
		return "error." + code, ok
	case pkg == kernelPath("op") && function == "New":
		name, ok := stringArg(call, 0)
		return "op." + name, ok
	}
	return "", false
}

func keyPosition(call *ast.CallExpr) int {
	if len(call.Args) == 0 {
		return 0
	}
	switch first := call.Args[0].(type) {
	case *ast.Ident:
		if first.Name == "ctx" {
			return 1
		}
	case *ast.CallExpr:
		if _, function := called(nil, first); function == "Context" {
			return 1
		}
	}
	return 0
}

// literalKeys are fields of the kernel's structs that name a key, and what the key has before their value.
var literalKeys = []struct{ pkg, name, field, before string }{
	{"errs", "Field", "Code", "error."},
	{"op", "Effect", "Key", ""},
	{"op", "Thing", "Kind", "thing."},
	{"web", "MenuItem", "Label", ""},
	{"web", "MenuItem", "Group", ""},
}

// keysOfLiteral returns the keys that a struct of literalKeys names, or those in a slice without their type.
func keysOfLiteral(names map[string]string, typ ast.Expr, lit *ast.CompositeLit) []string {
	var all []string
	if list, ok := typ.(*ast.ArrayType); ok {
		for _, e := range lit.Elts {
			if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
				all = append(all, keysOfLiteral(names, list.Elt, inner)...)
			}
		}
	}
	for _, k := range literalKeys {
		if !isType(names, typ, k.pkg, k.name) {
			continue
		}
		if text, ok := stringOf(fieldOf(lit, k.field)); ok && text != "" {
			all = append(all, k.before+text)
		}
	}
	return all
}

// isType reports whether an expression is the type called name of a package of the kernel.
func isType(names map[string]string, e ast.Expr, pkg, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && names[id.Name] == kernelPath(pkg)
}

// fieldOf returns the value that a literal gives to a field; nil when it gives none.
func fieldOf(lit *ast.CompositeLit, field string) ast.Expr {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && isIdent(kv.Key, field) {
			return kv.Value
		}
	}
	return nil
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// permissions returns the constants of the type op.Permission.
func permissions(p *Package, names map[string]string, d *ast.GenDecl) []string {
	if d.Tok != token.CONST || p.Kind != Module && p.Kind != App {
		return nil
	}
	var all []string
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		if !isType(names, v.Type, "op", "Permission") {
			continue
		}
		for _, value := range v.Values {
			if text, ok := stringOf(value); ok {
				all = append(all, text)
			}
		}
	}
	return all
}

var thingName = regexp.MustCompile(`^[Tt]hing[A-Z]`)

// kindsOfThings returns the constants of a module that name a kind of thing.
func kindsOfThings(p *Package, d *ast.GenDecl) []textConstant {
	if p.Kind != Module && p.Kind != App {
		return nil
	}
	return textConstants(d, thingName)
}

// textConstant is a constant that is a string literal.
type textConstant struct {
	name *ast.Ident
	text string
}

// textConstants returns the string literals among the constants of a declaration whose name has the form.
func textConstants(d *ast.GenDecl, form *regexp.Regexp) []textConstant {
	if d.Tok != token.CONST {
		return nil
	}
	var all []textConstant
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		for i, name := range v.Names {
			if i >= len(v.Values) || !form.MatchString(name.Name) {
				continue
			}
			if text, ok := stringOf(v.Values[i]); ok {
				all = append(all, textConstant{name, text})
			}
		}
	}
	return all
}

func stringOf(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}
