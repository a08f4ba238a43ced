package identity

import (
	"errors"

	"tongban/internal/kernel/errs"
)

// ErrTaken says that the name belongs to somebody else.
var ErrTaken = errs.Define(errs.Conflict, "identity.taken")

var errInner = errors.New("update the account")
