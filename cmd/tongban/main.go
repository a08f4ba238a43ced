package main

import (
	"os"

	"tongban/internal/app/cli"
)

func main() {
	os.Exit(cli.Main(cli.Streams{Out: os.Stdout, Err: os.Stderr, Env: os.Environ()}, os.Args[1:]))
}
