package cli

import (
	"context"
	"errors"

	"tongban/internal/app"
	"tongban/internal/app/doctor"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/db"
)

type doctorCmd struct {
	JSON  bool `name:"json" help:"Print the results as JSON."`
	Quick bool `help:"Leave out the check of the whole database, which can take minutes."`
}

// Help explains the command.
func (doctorCmd) Help() string {
	return `Looks at configuration, disk, storage, clock, working calendar, certificate, ports and backups, and says of each what it found and what to do. It changes nothing, prints no secret, and works before the first start, beside the running program and after a failure.

Exit code 0: nothing has to be mended (there may be things to watch). 1: something does.

Examples:

    tongban doctor --config /etc/tongban/tongban.yaml
    tongban doctor --json | jq '.results[] | select(.status != "ok")'`
}

// Run makes the checks.
func (d doctorCmd) Run(e *env) error {
	ctx := context.Background()
	c, err := e.load()
	var wrong *config.Error
	if err != nil && !errors.As(err, &wrong) {
		return err
	}
	look := doctor.Env{
		Config: c, ConfigErr: err, ConfigFile: e.file(), Now: e.clock.Now(), Database: databaseFile(c), Sets: app.MigrationSets(), Quick: d.Quick,
		BackupFolder: app.BackupDir(c),
		Open:         func(ctx context.Context) (*db.DB, error) { return app.OpenStorage(ctx, c, nil) },
	}
	if err == nil {
		look.Running = runningAddress(ctx, c)
	}
	results := doctor.Run(ctx, look)
	if d.JSON {
		err = doctor.WriteJSON(e.Out, results)
	} else {
		err = doctor.WriteText(e.Out, results, e.painter().status)
	}
	if err != nil {
		return err
	}
	if doctor.Worst(results) == doctor.Fail {
		return &silentError{}
	}
	return nil
}

// runningAddress returns where the instance on the data directory answers; empty when none runs.
func runningAddress(ctx context.Context, c config.Config) string {
	client, err := running(ctx, c)
	if err != nil || client == nil {
		return ""
	}
	s, err := client.Status(ctx)
	if err != nil {
		return ""
	}
	return s.Address
}
