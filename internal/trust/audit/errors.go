package audit

import "tongban/internal/kernel/errs"

// The failures of this package.
var (
	// ErrNotFound: there is no such entry.
	ErrNotFound = errs.Define(errs.NotFound, "audit.entry_not_found")
)
