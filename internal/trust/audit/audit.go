package audit

import (
	"embed"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
)

var (
	//go:embed migrations
	migrations embed.FS
	//go:embed locales
	words embed.FS
)

// Deps is what a Service needs.
type Deps struct {
	DB  *db.DB
	Ops *op.Runner // made with a Recorder as its Auditor
}

// Service answers questions about the log. It is safe for concurrent use.
type Service struct {
	Recorder
	ops *op.Runner
	db  *db.DB
}

// New returns a Service.
func New(d Deps) (*Service, error) {
	return &Service{ops: d.Ops, db: d.DB}, nil
}

// Migrations are the tables of this package, for callers that have no Service yet.
func Migrations() db.MigrationSet { return db.MigrationSet{Module: "audit", FS: migrations} }

// Module describes the room.
func (s *Service) Module() module.Module {
	return module.Module{
		Name: "audit", Words: words,
		Operations: []op.Bound{
			op.Bind(searchEntries, s.Search),
			op.Bind(readEntry, s.Entry),
			op.Bind(readHistory, s.History),
			op.Bind(readOverview, s.Overview),
		},
	}
}
