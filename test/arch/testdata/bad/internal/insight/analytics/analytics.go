// Package analytics is imported by the desk.
package analytics

// Deps is empty.
type Deps struct{}
