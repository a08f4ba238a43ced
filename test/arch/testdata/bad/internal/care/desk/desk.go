// Package desk has its comment in the wrong file.
package desk

import (
	_ "tongban/internal/app"
	_ "tongban/internal/care/knowledge"
	"tongban/internal/insight/analytics"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
)

// Service has no New.
type Service struct{ figures analytics.Deps }

// PermClose has no translation.
const PermClose op.Permission = "desk.close"

const PermOpen = "desk.open"

var closeTicket = op.New("ticket.desk.close", op.Needs(PermClose))

// ErrClosed is declared in the wrong file, with the wrong name.
var ErrClosed = errs.Define(errs.Conflict, "ticket_closed")

var cache = map[string]string{}

var last *Service

var Names, names = []string{"a"}, make(chan int)
