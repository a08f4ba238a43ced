package cli

import (
	"context"
	"io"
	"os"
	"time"

	"tongban/internal/app"
	"tongban/internal/app/control"
	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/config"
)

// instance answers the control socket.
type instance struct {
	app   *app.App
	clock clock.Clock
	since time.Time
}

// Status implements control.Handler.
func (i *instance) Status(context.Context) (control.Status, error) {
	return control.Status{Version: version(), PID: os.Getpid(), Address: i.app.Addr(), Since: i.since}, nil
}

// IssueToken implements control.Handler.
func (i *instance) IssueToken(ctx context.Context, r control.TokenRequest) (string, error) {
	return issueToken(ctx, i.app, r)
}

// Backup implements control.Handler.
func (i *instance) Backup(ctx context.Context, w io.Writer) error {
	_, err := backup.Stream(ctx, i.app.DB(), w, backupInfo(i.app.Config, i.clock.Now()))
	return err
}

// backupInfo names what belongs into a backup besides the database.
func backupInfo(c config.Config, now time.Time) backup.Info {
	info := app.BackupInfo(c, version(), now)
	info.Commit = commit()
	return info
}
