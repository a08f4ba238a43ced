package arch

import "go/ast"

// checkIcons demands that every icon a program text names is embedded: the literal value of a field Icon, and
// the literal argument of ui.Icon. Generated files count: templates become Go.
func checkIcons(t *Tree, _ *Plan, say report) {
	for _, p := range t.Packages {
		if p.Kind == Tests || p.forTests() {
			continue
		}
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			names := f.imports()
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				if name, ok := iconOf(p, names, n); ok && name != "" && !t.Icons[name] {
					say(t.at(n), "there is no icon %q: its name belongs into %s", name, iconsFile)
				}
				return true
			})
		}
	}
}

// iconOf returns the name of the icon in a field or a call.
func iconOf(p *Package, names map[string]string, n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if isIdent(n.Key, "Icon") {
			return stringOf(n.Value)
		}
	case *ast.CallExpr:
		pkg, function := called(names, n)
		own := modulePath+"/"+p.Dir == kernelPath("ui") && isIdent(n.Fun, "Icon")
		if own || pkg == kernelPath("ui") && function == "Icon" {
			return stringArg(n, 0)
		}
	}
	return "", false
}
