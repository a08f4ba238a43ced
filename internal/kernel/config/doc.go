// Package config reads how an installation is set up: from a YAML file, the environment and flags, the later
// winning over the earlier, each key by itself.
//
// Every setting is one Key of the list in keys.go: its name (database.read_conns), its default, what is allowed,
// and its help. From the list come the names in the other sources, the help of the commands and
// docs/configuration.md:
//
//	file      database: {read_conns: 16}        or  database.read_conns: 16
//	variable  TONGBAN_DATABASE_READ_CONNS=16    dots and underscores both become one underscore
//	flag      --database-read-conns=16          dots and underscores become dashes
//
// That the names stay distinct is proved by a test. TONGBAN_CONFIG names the file; a variable that is set but
// empty counts as not set; TONGBAN_TEST_… belongs to the test suite and is not read.
//
// Load is strict, because a setting that is silently ignored is found out in an emergency: a key that does not
// exist, a value that is not allowed and two that contradict each other stop the start, all at once, each with
// its place (file and line, variable or flag) and what to write instead. The text of a secret never stands in
// an error, in Config.String or in a log line; a file that holds one must not be readable by other users
// (MB-sens-2-3), and a secret is not taken from a flag, which other users see in the list of processes.
package config
