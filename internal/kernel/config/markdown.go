package config

import (
	"fmt"
	"strings"
)

// Markdown returns docs/configuration.md, which a test keeps equal to the list of keys.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Configuration

Generated from internal/kernel/config/keys.go by "go test ./internal/kernel/config -update"; do not edit.

A setting is taken from the last of these places that has it: its default, the configuration file, the environment,
the command line. The file is YAML; "tongban serve --config FILE" or the variable TONGBAN_CONFIG names it. Where neither
does, tongban.yaml in the current folder is read if there is one. It must then be a plain file that belongs to the user
who runs the command or to root, and that nobody else may write; otherwise the command stops and says so. A variable that
is set but empty counts as not set.

A key that does not exist, or a value that is not allowed, stops the start with the place and what to write instead.
A file that holds a secret must not be readable by other users: chmod 600, or owned by another user and readable through
a group (chown root:tongban, chmod 640). A secret is not taken from the command line.

` + "```yaml\n" + example + "```\n")
	section := "-"
	for _, k := range keys {
		if s := sectionOf(k.Name); s != section {
			section = s
			fmt.Fprintf(&b, "\n## %s\n", map[bool]string{true: "General", false: s}[s == ""])
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n\n", k.Name, k.Help)
		fmt.Fprintf(&b, "- want: %s\n- default: %s\n- variable: `%s`\n", k.Allowed, orNone(k.Default), k.Env)
		switch {
		case k.Flag == "":
			b.WriteString("- secret; no flag\n")
		case k.Secret:
			fmt.Fprintf(&b, "- flag: `%s` (without a password)\n- secret where it holds a password\n", k.Flag)
		default:
			fmt.Fprintf(&b, "- flag: `%s`\n", k.Flag)
		}
	}
	return b.String()
}

const example = `# tongban.yaml
addr: 127.0.0.1:8080
public_url: https://tongban.example.org
data: /var/lib/tongban
trusted_proxies: [10.0.0.0/8]
database:
  url: postgres://tongban:password@db.example.org:5432/tongban?sslmode=verify-full
log:
  format: json
backup:
  dir: /var/backups/tongban
  at: "02:30"
`

func sectionOf(name string) string {
	section, _, nested := strings.Cut(name, ".")
	if !nested {
		return ""
	}
	return section
}

func orNone(s string) string {
	if s == "" {
		return "empty"
	}
	return "`" + s + "`"
}
