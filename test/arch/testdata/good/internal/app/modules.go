package app

import (
	"tongban/internal/kernel/db"
	"tongban/internal/trust/identity"
)

// MigrationSets are the tables.
func MigrationSets() []db.MigrationSet { return []db.MigrationSet{identity.Migrations()} }
