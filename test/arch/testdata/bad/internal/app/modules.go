package app

import (
	"tongban/internal/care/desk"
	"tongban/internal/kernel/db"
)

// MigrationSets forgets the kernel.
func MigrationSets() []db.MigrationSet { return []db.MigrationSet{desk.Migrations()} }
