// Command vendorassets fetches the pinned front-end packages with "npm pack" from the machine's own registry,
// keeps the few files the program serves in internal/kernel/ui/assets/vendor together with their licences, and
// writes down what they are (VENDORED.md for people, vendored.json for the test that guards them).
//
//	go run ./internal/tools/vendorassets
package main
