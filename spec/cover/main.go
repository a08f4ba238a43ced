package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"tongban/spec"
)

func main() {
	list := flag.Bool("list", false, "print the ids that are shown, with their tests, and those that are not yet")
	root := flag.String("root", ".", "the folder whose tests count")
	flag.Parse()
	if err := run(os.Stdout, *root, *list); err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, root string, list bool) error {
	register, err := spec.Register()
	if err != nil {
		return err
	}
	claims, err := findClaims(root)
	if err != nil {
		return err
	}
	if err := checkClaims(claims, register); err != nil {
		return err
	}
	printTables(out, register, claims)
	if list {
		printList(out, register, claims)
	}
	return nil
}
