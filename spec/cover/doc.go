// Command cover prints which requirements of the register the tests show, and which not yet, by module and by
// document:
//
//	go run ./spec/cover [--list] [--root DIR]
//
// It reads the calls of spec.Covers in the test files under DIR. It fails on an id that the register does not
// have, and on an argument that is not a string literal, because it could not be counted.
package main
