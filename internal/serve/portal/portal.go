package portal

import (
	"embed"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
)

//go:embed locales
var words embed.FS

// Deps is what a Service needs.
type Deps struct {
	Ops          *op.Runner
	Clock        clock.Clock
	Organisation Organisations
	Calendars    *clock.Calendars
}

// Service is the module. It is safe for concurrent use.
type Service struct{ Deps }

// New returns a Service.
func New(d Deps) *Service { return &Service{Deps: d} }

// Module describes the room.
func (s *Service) Module() module.Module {
	return module.Module{Name: "portal", Words: words, Operations: []op.Bound{op.Bind(readHome, s.Home)}}
}
