package desk

import (
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
)

// Kinds of things without a translation.
const (
	ThingTicket = "desk.ticket"
	thingNote   = "desk.note"
)

// One fact is listed, one moves a topic only, one is forgotten.
const FactOpened, FactMoved, FactClosed = "desk.ticket_opened", "desk.ticket_moved", "desk.ticket_closed"

var openTicket = op.New("desk.known", op.Needs(PermClose))

func (s *Service) describe() module.Module {
	forgotten := op.New("desk.known", op.Needs(PermClose))
	return module.Module{
		Name: "desk", Facts: facts(), Operations: []op.Bound{op.Bind(openTicket, s.open)},
		Topics: []module.Topic{{Name: "desk.tickets", Facts: []string{FactMoved}}},
	}
}

func facts() []string { return []string{FactOpened} }
