package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tongban/internal/app"
	"tongban/internal/app/control"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/db"
)

type migrateCmd struct {
	DryRun bool `help:"Only list what would be done."`
}

// Help explains the command.
func (migrateCmd) Help() string {
	return `Applies the migrations this program brings. Starting does the same; this command is for those who upgrade in steps. The program must not run on the data directory. Make a backup first: migrations go forward only.

Examples:

    tongban migrate --dry-run
    tongban migrate --config /etc/tongban/tongban.yaml`
}

// Run migrates the database.
func (m migrateCmd) Run(e *env) error {
	return e.withStorage(func(ctx context.Context, d *db.DB, c config.Config) error {
		pending, err := d.Pending(ctx, app.MigrationSets()...)
		if err != nil {
			return err
		}
		for _, name := range pending {
			fmt.Fprintln(e.Out, name)
		}
		if m.DryRun {
			fmt.Fprintf(e.Out, "%d pending; nothing was changed\n", len(pending))
			return nil
		}
		if err := d.Migrate(ctx, e.clock.Now(), app.MigrationSets()...); err != nil {
			return err
		}
		fmt.Fprintf(e.Out, "%d applied; the database is up to date\n", len(pending))
		return nil
	})
}

// withStorage opens the storage of a stopped instance, holding its data directory.
func (e *env) withStorage(do func(ctx context.Context, d *db.DB, c config.Config) error) (err error) {
	c, err := e.load()
	if err != nil {
		return err
	}
	lock, err := app.LockData(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	ctx := context.Background()
	d, err := app.OpenStorage(ctx, c, e.logger(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return do(ctx, d, c)
}

// running returns a client of the instance that runs on the data directory, or nil.
func running(ctx context.Context, c config.Config) (*control.Client, error) {
	client, err := control.Dial(ctx, c.Data)
	if errors.Is(err, control.ErrNotRunning) {
		return nil, nil
	}
	return client, err
}

// mustExist refuses to make an instance where one was meant to be found.
func mustExist(c config.Config) error {
	if c.Database.URL != "" {
		return nil
	}
	if _, err := os.Stat(databaseFile(c)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no instance in %s; name its data directory with --data or its configuration with --config", c.Data)
	}
	return nil
}
