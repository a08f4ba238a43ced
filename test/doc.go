// Command test checks everything with one command:
//
//	go run ./test [flags] [packages]     installs what is missing, checks the text, runs all tests
//	go run ./test --short [packages]     the inner loop: format, vet, short tests on SQLite; installs nothing
//	go run ./test screens DIR            a picture of every page, as every role (see test/screens)
//	go run ./test notices                writes THIRD_PARTY_NOTICES.md anew (see test/notices)
//
// The full run starts a PostgreSQL cluster of its own in a temporary folder and removes it at the end. The tests
// find it, the engines and the browser through TONGBAN_TEST_POSTGRES (the address of a superuser),
// TONGBAN_TEST_ENGINES (sqlite,postgres) and TONGBAN_TEST_CHROMIUM. The last lines printed are those of go test,
// a line for each package, and the number of tests that passed, failed and were skipped.
package main
