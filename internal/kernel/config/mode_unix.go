//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// checkMode returns what is wrong with the rights on a configuration file, given the keys whose secrets it holds.
// Nobody but its owner may write it. With secrets nobody else may read it, save for the one arrangement in which
// a program may not change its own configuration: the file belongs to another user, and to a group the program
// reads it through.
func checkMode(path string, info fs.FileInfo, secrets []string) string {
	if !info.Mode().IsRegular() {
		return "" // a pipe from a secret store
	}
	mode := info.Mode().Perm()
	if mode&0o002 != 0 {
		return fmt.Sprintf("every user of the machine may change this file (mode %04o); run: chmod 600 %s", mode, quote(path))
	}
	forbidden := fs.FileMode(0o077)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		forbidden = 0o037
	}
	if len(secrets) == 0 || mode&forbidden == 0 {
		return ""
	}
	return fmt.Sprintf("this file holds a secret (%s) and other users of the machine may read it (mode %04o); run: chmod 600 %s",
		strings.Join(secrets, ", "), mode, quote(path))
}

// checkNearby returns what is wrong with a file that nobody named, and that whoever may write to the current folder
// may have put there: only this user or root can be its author.
func checkNearby(path string, info fs.FileInfo) string {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fmt.Sprintf("this file of the current folder belongs to another user, so it is not read unasked; if it is meant, name it: --config %s", quote(path))
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Sprintf("other users may change this file (mode %04o), so it is not read unasked; run: chmod go-w %s", mode, quote(path))
	}
	return ""
}

// quote makes a path safe to paste into a shell.
func quote(path string) string {
	plain := func(r rune) bool {
		return r == '/' || r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if !strings.ContainsFunc(path, func(r rune) bool { return !plain(r) }) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
