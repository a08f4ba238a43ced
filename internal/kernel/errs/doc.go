// Package errs gives every failure a kind, a stable code and a text a user may read.
//
// A module declares its failures once, in its errors.go:
//
//	var ErrClosed = errs.Define(errs.Conflict, "desk.ticket_closed")
//
// and returns them as they are, with parameters (ErrClosed.With("number", n)), with a cause
// (ErrClosed.Because(err)) or with the fields at fault. Callers compare with errors.Is, which
// matches by code. The user's text is the translation "error." + code; whatever was not made
// with this package is Internal, and its text is always the generic one, so that no inner
// detail reaches a page by accident.
package errs
