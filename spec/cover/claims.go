package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"tongban/spec"
)

// claim is one id in a call of spec.Covers.
type claim struct {
	id   string
	test string // the function that makes the call
	at   string // file:line
}

const specPath = "tongban/spec"

// findClaims reads all test files under root but those the go tool ignores.
func findClaims(root string) ([]claim, error) {
	var claims []claim
	var faults []error
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
		if strings.HasSuffix(path, "_test.go") {
			found, err := fileClaims(root, path)
			claims = append(claims, found...)
			faults = append(faults, err)
		}
		return nil
	})
	return claims, errors.Join(append(faults, err)...)
}

func ignored(folder string) bool {
	return folder == "testdata" || folder == "vendor" || folder == "node_modules" ||
		strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

func fileClaims(root, path string) ([]claim, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	name := importName(file)
	if name == "" {
		return nil, nil
	}
	var claims []claim
	var faults []error
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isCovers(call, name) {
				return true
			}
			for _, arg := range call.Args[min(1, len(call.Args)):] {
				p := fset.Position(arg.Pos())
				rel, _ := filepath.Rel(root, p.Filename) // both are under root
				at := fmt.Sprintf("%s:%d", filepath.ToSlash(rel), p.Line)
				id, err := literal(arg)
				if err != nil {
					faults = append(faults, fmt.Errorf("%s: %w", at, err))
					continue
				}
				claims = append(claims, claim{id: id, test: fn.Name.Name, at: at})
			}
			return true
		})
	}
	return claims, errors.Join(faults...)
}

// importName returns the name under which the file knows the package spec; empty when it does not.
func importName(file *ast.File) string {
	for _, imp := range file.Imports {
		if imp.Path.Value == strconv.Quote(specPath) {
			if imp.Name != nil {
				return imp.Name.Name
			}
			return "spec"
		}
	}
	return ""
}

func isCovers(call *ast.CallExpr, pkg string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Covers" {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == pkg
}

func literal(arg ast.Expr) (string, error) {
	lit, ok := arg.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", errors.New("an id in spec.Covers is not a string literal")
	}
	return strconv.Unquote(lit.Value)
}

func checkClaims(claims []claim, register []spec.Requirement) error {
	known := map[string]bool{}
	for _, r := range register {
		known[r.ID] = true
	}
	var faults []error
	for _, c := range claims {
		if !known[c.id] {
			faults = append(faults, fmt.Errorf("%s: the register has no requirement %q", c.at, c.id))
		}
	}
	return errors.Join(faults...)
}
