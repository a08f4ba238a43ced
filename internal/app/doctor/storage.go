package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
)

// openStorage returns the database and how to end its use; nil when there is none to look at.
func (r *report) openStorage(ctx context.Context, e Env) (*db.DB, func()) {
	r.check = "storage"
	if e.DB != nil {
		r.ok("open", "%s", engineOf(e))
		return e.DB, func() {}
	}
	if e.Config.Database.URL == "" {
		// Opening would make the file: a first start is the program's, not the doctor's.
		if _, err := os.Stat(e.Database); errors.Is(err, fs.ErrNotExist) {
			r.ok("open", "%s does not exist yet; the first start makes it", e.Database)
			return nil, nil
		}
	}
	d, err := e.Open(ctx)
	if err != nil {
		r.fail("open", "read the message; if the database is damaged, restore the last backup with: tongban restore FILE --force", "%v", err)
		return nil, nil
	}
	r.ok("open", "%s", engineOf(e))
	return d, func() { d.Close() } // the doctor wrote nothing that could be lost
}

func engineOf(e Env) string {
	if e.Config.Database.URL != "" {
		return "PostgreSQL"
	}
	return "SQLite, " + e.Database
}

func (r *report) storage(ctx context.Context, e Env, d *db.DB) {
	r.migrations(ctx, e, d)
	r.key(ctx, e, d)
	if e.Quick {
		return
	}
	if err := d.Check(ctx); err != nil {
		r.fail("integrity", "stop the program, keep the damaged database aside and restore the last backup: tongban restore FILE --force", "%v", err)
		return
	}
	r.ok("integrity", "no damage found")
}

// key looks for the secret key that the database was first opened with. Whether it is the right one the start tells.
func (r *report) key(ctx context.Context, e Env, d *db.DB) {
	path := filepath.Join(e.Config.Data, "secret.key")
	_, err := os.Stat(path)
	switch {
	case err == nil:
		r.ok("secret key", "%s", path)
		return
	case !errors.Is(err, fs.ErrNotExist):
		r.fail("secret key", "run the doctor as the user of the program", "%v", err)
		return
	}
	// Only a database that is migrated and was never opened is known to need none yet.
	if known, err := op.KeyKnown(ctx, d.Reader()); err == nil && !known {
		r.ok("secret key", "%s does not exist yet; the first start makes it", path)
		return
	}
	r.fail("secret key", "restore it from a backup, or copy it from another node; without it no password matches",
		"%s is missing, and the database needs the one it was made with", path)
}

// migrations compares what the database has with what the program knows.
func (r *report) migrations(ctx context.Context, e Env, d *db.DB) {
	pending, err := d.Pending(ctx, e.Sets...)
	switch {
	case err != nil:
		r.fail("migrations", "do what the message says; nothing has been changed", "%v", err)
	case len(pending) > 0:
		r.warn("migrations", "make a backup, then start the program or run: tongban migrate", "%d are pending, the first is %s", len(pending), pending[0])
	default:
		r.ok("migrations", "all are applied")
	}
}
