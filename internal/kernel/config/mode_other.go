//go:build !unix

package config

import "io/fs"

// checkMode has nothing to look at: these systems keep the rights on a file elsewhere.
func checkMode(string, fs.FileInfo, []string) string { return "" }

// checkNearby has nothing to look at either.
func checkNearby(string, fs.FileInfo) string { return "" }
