package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLicenceName(t *testing.T) {
	root, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile("../browser/testdata/axe.LICENSE.txt")
	if err != nil {
		t.Fatal(err)
	}
	const bsd = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted provided that the following conditions are met:\n"
	cases := []struct{ name, text, want string }{
		{"Apache", string(root), "Apache-2.0"},
		{"Mozilla", string(axe), "MPL-2.0"},
		{"BSD", bsd + "   * Redistributions of source code … Neither the name of", "BSD-3-Clause"},
		{"MIT", "MIT License\n\nPermission is hereby granted,\nfree of charge, to any person", "MIT"},
		{"0BSD", "Permission to use, copy, modify, and/or distribute this software for any\npurpose with or without fee is hereby granted.", "0BSD"},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software for any\npurpose with or without fee is hereby granted, provided that", "ISC"},
		{"unknown", "You may look at it.", ""},
	}
	for _, c := range cases {
		if got := licenceName(c.text); got != c.want {
			t.Errorf("%s is taken for %q", c.name, got)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const mit = "Copyright A\r\n\r\nPermission is hereby granted, free of charge, to any person  \r\n"

func TestVendoredAssets(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "vendored.json", `[{"name":"b","version":"2","licence":"MIT","files":[{"name":"b.js"},{"name":"b.js.br"},{"name":"LICENSE-b.txt"}]},
		{"name":"a","version":"1","licence":"MIT","files":[{"name":"a.css"},{"name":"LICENSE-a.txt"}]}]`)
	write(t, dir, "LICENSE-a.txt", mit)
	write(t, dir, "LICENSE-b.txt", mit)
	assets, err := vendoredAssets(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := string(render(nil, assets, nil))
	for _, want := range []string{"| a | 1 | MIT | a.css |\n| b | 2 | MIT | b.js |\n", "### a, b\n\n````text\nCopyright A\n\nPermission"} {
		if !strings.Contains(text, want) {
			t.Errorf("the notices lack %q:\n%s", want, text)
		}
	}
	if strings.Count(text, "Permission is hereby") != 1 {
		t.Error("a text that two works share stands twice")
	}
	write(t, dir, "vendored.json", `[{"name":"c","version":"1","licence":"MIT","files":[{"name":"c.js"}]}]`)
	if _, err := vendoredAssets(dir); err == nil || err.Error() != "c has no licence file" {
		t.Errorf("a work without a licence gives %v", err)
	}
}

func TestOtherFolders(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "internal", "data"), "LICENSE", mit)
	write(t, filepath.Join(root, "internal", "vendor"), "LICENSE", mit)
	write(t, filepath.Join(root, "internal", "code"), "notice.templ", "package code")
	write(t, filepath.Join(root, "test", "tool"), "axe.LICENSE.txt", mit)
	folders, err := otherFolders(root)
	if err != nil || len(folders) != 2 || folders[0].name != "internal/data" || folders[1].name != "test/tool" {
		t.Errorf("folders %+v, error %v", folders, err)
	}
	write(t, filepath.Join(root, "internal", "odd"), "LICENSE", "You may look at it.")
	if _, err := otherFolders(root); err == nil || !strings.Contains(err.Error(), "internal/odd has a licence that is not known here") {
		t.Errorf("an unknown licence gives %v", err)
	}
}
