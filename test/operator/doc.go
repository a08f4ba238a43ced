// Package operator tests the built binary as an operator uses it: scripts for install, configuration, upgrade,
// backup and restore in testdata, and tests that kill it, stop it, fill its disk and measure its start.
//
// The binary is built once for each run of the tests, without cgo; TONGBAN_TEST_BINARY names another to test. Scripts have, besides the commands of
// testscript: freeport, await, get, flip, cut, query and database; see script_test.go.
package operator
