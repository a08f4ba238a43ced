package arch

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// statement is SQL in a Go file.
type statement struct {
	at    string
	text  string
	words []string
	built bool // the text holds a variable
}

// tag is the comment with which a statement names its owner, so that a line of the slow log does too.
var tag = regexp.MustCompile(`^\s*/\* ([a-z0-9_]+)\.[a-zA-Z0-9_]+ \*/`)

// statements returns the SQL in the files of a package, tests left out. A string is taken for SQL by its first
// words; one joined of several is read as a whole, with the package's own constants put in.
func (t *Tree) statements(p *Package) []statement {
	constants := p.stringConstants()
	var all []statement
	for _, f := range p.Files {
		if f.Test || f.Generated {
			continue
		}
		for _, decl := range f.Syntax.Decls {
			known := scope{constants, settled(decl, constants)}
			ast.Inspect(decl, func(n ast.Node) bool {
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				text, built, ok := known.joined(e)
				if !ok {
					return true
				}
				if words := tokens(text); isSQL(words) {
					all = append(all, statement{t.at(e), text, words, built})
				}
				return false
			})
		}
	}
	return all
}

// scope is what a sum of strings may be made of.
type scope struct {
	constants map[string]string
	settled   map[string]bool // local variables that hold no caller's text
}

// settled returns the variables of a declaration that are given literals, constants, parts of a fixed list and
// results of calls only: placeholders and conditions, chosen but not made of what somebody typed.
func settled(decl ast.Decl, constants map[string]string) map[string]bool {
	given := map[string][]ast.Expr{}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if id, ok := left.(*ast.Ident); ok {
					given[id.Name] = append(given[id.Name], n.Rhs[min(i, len(n.Rhs)-1)])
				}
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				if i < len(n.Values) {
					given[id.Name] = append(given[id.Name], n.Values[i])
				}
			}
		}
		return true
	})
	all := map[string]bool{}
	for name, values := range given {
		all[name] = !slices.ContainsFunc(values, func(e ast.Expr) bool { return !harmless(e, given, constants) })
	}
	return all
}

func harmless(e ast.Expr, given map[string][]ast.Expr, constants map[string]string) bool {
	switch e := e.(type) {
	case *ast.BasicLit, *ast.CallExpr, *ast.IndexExpr:
		return true
	case *ast.BinaryExpr:
		return harmless(e.X, given, constants) && harmless(e.Y, given, constants)
	case *ast.Ident:
		_, constant := constants[e.Name]
		return constant || given[e.Name] != nil
	}
	return false
}

// stringConstants returns the values of the package's constants that are plain strings.
func (p *Package) stringConstants() map[string]string {
	all := map[string]string{}
	for _, f := range p.Files {
		for _, decl := range f.Syntax.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, spec := range gen.Specs {
				v := spec.(*ast.ValueSpec)
				for i, name := range v.Names {
					if i < len(v.Values) {
						if text, built, ok := (scope{constants: all}).joined(v.Values[i]); ok && !built {
							all[name.Name] = text
						}
					}
				}
			}
		}
	}
	return all
}

// joined returns the text of a string literal or of a sum with one in it.
func (s scope) joined(e ast.Expr) (text string, built, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false, false
		}
		text, err := strconv.Unquote(e.Value)
		return text, false, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false, false
		}
		left, leftBuilt, leftOK := s.part(e.X)
		right, rightBuilt, rightOK := s.part(e.Y)
		return left + right, leftBuilt || rightBuilt, leftOK || rightOK
	}
	return "", false, false
}

// part returns one side of a sum. A call, such as for a list of placeholders, and a settled variable are left out
// of the text but do not make it built.
func (s scope) part(e ast.Expr) (text string, built, ok bool) {
	switch e := e.(type) {
	case *ast.Ident:
		text, known := s.constants[e.Name]
		return text, !known && !s.settled[e.Name], known
	case *ast.CallExpr:
		return "", false, false
	}
	text, built, ok = s.joined(e)
	return text, built || !ok, ok
}

var tokenForm = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"[^"]*"|\$\d+|[A-Za-z_][\w.]*|\d+|->>|->|::|<>|<=|>=|\|\||\S`)

// tokens cuts SQL into its words, in lower case, without comments. A string is ”.
func tokens(sql string) []string {
	var all []string
	for _, s := range tokenForm.FindAllString(sql, -1) {
		switch {
		case strings.HasPrefix(s, "--") || strings.HasPrefix(s, "/*"):
		case s[0] == '\'':
			all = append(all, "''")
		default:
			all = append(all, strings.ToLower(strings.Trim(s, `"`)))
		}
	}
	return all
}

// isSQL tells statements from sentences that begin with the same word.
func isSQL(words []string) bool {
	if len(words) < 3 {
		return false
	}
	switch words[0] {
	case "select":
		return slices.Contains(words, "from")
	case "insert":
		return slices.Contains(words, "values") || slices.Contains(words, "select")
	case "update":
		return slices.Contains(words, "set") && slices.Contains(words, "=")
	case "delete":
		return words[1] == "from" && (len(words) == 3 || slices.Contains([]string{"where", "returning", ";", "as"}, words[3]))
	case "with":
		return slices.Contains(words, "as") && slices.Contains(words, "(") && slices.Contains(words, "select")
	case "create", "alter", "drop":
		return slices.Contains([]string{"table", "index", "unique", "view", "virtual", "trigger"}, words[1])
	}
	return false
}

// reference is the name of a table in a statement.
type reference struct {
	table   string
	creates bool
}

// references returns the tables that a statement or script names. Names of its own (with … as) do not count.
func references(words []string) []reference {
	own := ownNames(words)
	var all []reference
	add := func(i int, creates bool) {
		if i < len(words) && isName(words[i]) && !own[words[i]] {
			all = append(all, reference{words[i], creates})
		}
	}
	for i, w := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		switch {
		case w == "from" && before != "distinct":
			for _, j := range fromList(words, i+1) {
				add(j, false)
			}
		case w == "join" || w == "into" || w == "references":
			add(i+1, false)
		case w == "update" && before != "for" && before != "on" && before != "do":
			add(i+1, false)
		case w == "table" && (before == "create" || before == "virtual"):
			add(skip(words, i+1, "if", "not", "exists"), true)
		case w == "table" && (before == "alter" || before == "drop"):
			add(skip(words, i+1, "if", "exists"), false)
		case w == "index" && (before == "create" || before == "unique"):
			name := skip(words, i+1, "if", "not", "exists")
			add(name, true)
			add(skip(words, name+1, "on"), false)
		}
	}
	return all
}

// ownNames returns the names that "with" gives to its parts.
func ownNames(words []string) map[string]bool {
	own := map[string]bool{}
	for i := 1; i+1 < len(words); i++ {
		if words[i] != "as" || words[i+1] != "(" {
			continue
		}
		j := i - 1
		if words[j] == ")" { // with name (columns) as (
			for j >= 0 && words[j] != "(" {
				j--
			}
			j--
		}
		if j >= 0 {
			own[words[j]] = true
		}
	}
	return own
}

// fromList returns where the tables of a from list stand. Subqueries and table functions are passed over.
func fromList(words []string, i int) []int {
	var all []int
	for i < len(words) {
		switch {
		case words[i] == "(":
			i = closing(words, i) + 1
		case i+1 < len(words) && words[i+1] == "(":
			i = closing(words, i+1) + 1
		case !isName(words[i]): // a part that is put in when the program runs
			return all
		default:
			all = append(all, i)
			i++
		}
		i = skip(words, i, "as")
		if i < len(words) && isName(words[i]) { // an alias
			i++
		}
		if i >= len(words) || words[i] != "," {
			break
		}
		i++
	}
	return all
}

// closing returns where the bracket opened at i is closed.
func closing(words []string, i int) int {
	depth := 0
	for ; i < len(words); i++ {
		switch words[i] {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return i
}

func skip(words []string, i int, what ...string) int {
	for _, w := range what {
		if i < len(words) && words[i] == w {
			i++
		}
	}
	return i
}

var keywords = strings.Fields(`as cross except from full group having inner intersect join left limit natural
	offset on order returning right select set union using values where window`)

func isName(word string) bool {
	c := word[0]
	return (c == '_' || 'a' <= c && c <= 'z') && !slices.Contains(keywords, word)
}
