package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

const file = "THIRD_PARTY_NOTICES.md"

func main() {
	check := flag.Bool("check", false, "fail when the file is not current, write nothing")
	flag.Parse()
	if err := run(context.Background(), *check); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	modules, err := linkedModules(ctx)
	if err != nil {
		return err
	}
	assets, err := vendoredAssets("internal/kernel/ui/assets/vendor")
	if err != nil {
		return err
	}
	folders, err := otherFolders(".")
	if err != nil {
		return err
	}
	want := render(modules, assets, folders)
	if !check {
		return os.WriteFile(file, want, 0o644)
	}
	have, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return errors.New(file + " is not current; run: go run ./test notices")
	}
	return nil
}
