package arch

import (
	"cmp"
	"fmt"
	"slices"
)

// Finding is one breach of a rule.
type Finding struct {
	Rule, At, Message string
}

// String returns the finding as a line: where, what, and the rule.
func (f Finding) String() string { return f.At + ": " + f.Message + " [" + f.Rule + "]" }

// report notes a breach.
type report func(at, format string, args ...any)

// Rule is one wall.
type Rule struct {
	Name  string
	check func(t *Tree, plan *Plan, say report)
}

// Rules returns all rules.
func Rules() []Rule {
	return []Rule{
		{"graph", checkGraph},
		{"imports", checkImports},
		{"composition", checkComposition},
		{"migration-sets", checkMigrationSets},
		{"operations", checkOperations},
		{"tables", checkTables},
		{"portable-sql", checkPortableSQL},
		{"sql-text", checkSQLText},
		{"calls", checkCalls},
		{"writes", checkWrites},
		{"globals", checkGlobals},
		{"panics", checkPanics},
		{"layout", checkLayout},
		{"module-shape", checkModuleShape},
		{"package-docs", checkPackageDocs},
		{"exported-docs", checkExportedDocs},
		{"size", checkSize},
		{"words", checkWords},
		{"icons", checkIcons},
	}
}

// Check returns the breaches of the rule in t, in the order of the files.
func (r Rule) Check(t *Tree, plan *Plan) []Finding {
	var found []Finding
	r.check(t, plan, func(at, format string, args ...any) {
		found = append(found, Finding{Rule: r.Name, At: at, Message: fmt.Sprintf(format, args...)})
	})
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(found)
}
