// Package control is the way from the shell to a running instance: a Unix socket in its data directory through
// which `tongban token`, `backup` and `status` ask it to do what only the process that holds the data
// directory can.
//
// It speaks HTTP with JSON. Who may connect is the file system's matter: the socket has mode 600 in a directory
// of mode 700, so only the user of the instance and root reach it; there is no other check.
//
// A socket's path may have 107 bytes. Where the data directory's is longer, the socket lies in a folder of its
// own below the system's folder for temporary files, and control.path in the data directory says where.
package control
