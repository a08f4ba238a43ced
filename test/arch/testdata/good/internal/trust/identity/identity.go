package identity

import (
	"io"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
)

// Deps are what the module needs.
type Deps struct{ Out io.Writer }

// Service is the module.
type Service struct{ deps Deps }

var _ io.Closer = (*Service)(nil)

// New returns the module.
func New(d Deps) (*Service, error) { return &Service{deps: d}, nil }

// Migrations are the tables.
func Migrations() db.MigrationSet { return db.MigrationSet{Module: "identity", FS: migrations} }

// Module describes it.
func (s *Service) Module() module.Module {
	return module.Module{Name: "identity", Facts: append(factTypes(), FactMoved), Operations: s.operations()}
}

func (s *Service) operations() []op.Bound {
	return []op.Bound{op.Bind(readAccount, s.Account)}
}

// Close says goodbye in a sentence that begins like SQL.
func (s *Service) Close() error {
	_, err := s.deps.Out.Write([]byte("delete from the list whatever you like"))
	return err
}
