// Package arch holds the walls of the house as rules over the program's text.
//
// Load reads a source tree once; Rules are functions over it. What is allowed is data in plan.go, each line with
// its reason: the import graph of the modules, the few packages that may call what others may not, and
// allowances for what does not fit a budget yet. An allowance that nothing needs any more is itself reported, so
// the lists only shrink. The rules are tried on testdata/bad, a small tree that breaks each of them.
//
// The rules read syntax, not types, which keeps them fast enough for the inner loop. Where a name alone could
// mislead, the rule says in its comment what it takes for what.
package arch
