// Package app is the composition root: the one list of modules, their wiring, the lifecycle of the running
// program, and the demo organisation.
//
// New opens the data directory and the storage, migrates, and joins the modules in plain Go; nothing runs yet.
// Start starts the parts in order (jobs, events, live pages, the listener last) and Stop ends them in reverse:
// the listener first, so that accepted requests finish while everything they need still runs.
//
// Adding a module is one entry in modules.go.
package app
