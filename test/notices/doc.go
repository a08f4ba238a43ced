// Command notices writes THIRD_PARTY_NOTICES.md: what is shipped with the program and was made by others, with
// versions and licences.
//
//	go run ./test notices            writes the file
//	go run ./test/notices --check    fails when the file is not current
//
// It lists the Go modules that are linked into the program (as built for Linux without cgo), the front-end files
// that internal/tools/vendorassets recorded, and every other folder under internal and test that has a licence
// of its own.
package main
