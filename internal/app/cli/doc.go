// Package cli is the command line: it reads flags and configuration, runs the command and turns what happened
// into words and an exit code.
//
//	0  done
//	1  failed: the message says what and what to do
//	2  wrong usage, or a wrong configuration; nothing was tried
//
// What a person or a script asked for goes to standard output; messages and the log go to standard error.
package cli
