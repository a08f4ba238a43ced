// Package spec is the requirement register: what the five source documents ask of the program, cut into entries
// that can each be shown to work. FORMAT.md says how an entry is written.
//
// A test names the entries it shows:
//
//	spec.Covers(t, "MP-5.2-e-1", "MP-5.2-e-2")
//
// An id that the register does not have fails the test at once. "go run ./spec/cover" prints which entries are
// shown and which are not yet, by module and by document.
package spec
