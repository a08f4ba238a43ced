package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tongban/internal/app"
	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/db"
)

type backupCmd struct {
	File string `arg:"" help:"The file to write, which must not exist; or a folder, in which it gets a name with its time."`
}

// Help explains the command.
func (backupCmd) Help() string {
	return `Writes the database, whichever engine, and the secret key into one file, and checks what it wrote. It is safe while the program runs and people work: the backup is one consistent moment. The same file can be restored into SQLite and into PostgreSQL.

The file holds everything, the secret key too: keep it as closed as the data directory (its mode is 600), and keep copies on another machine.

Examples:

    tongban backup /backup/                          a file named by its time
    tongban backup /backup/before-upgrade.backup
    tongban verify /backup/before-upgrade.backup --deep`
}

// Run makes a backup, through the running instance or directly.
func (b backupCmd) Run(e *env) error {
	if b.File == "" {
		return usageError{errors.New("name the file to write, or a folder for it: tongban backup /backup/")}
	}
	c, err := e.load()
	if err != nil {
		return err
	}
	if err := mustExist(c); err != nil {
		return err
	}
	path := b.File
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, backup.Name(e.clock.Now()))
	}
	ctx := context.Background()
	client, err := running(ctx, c)
	if err != nil {
		return err
	}
	if client != nil {
		err = backup.Save(path, func(w io.Writer) error { return client.Backup(ctx, w) })
	} else {
		err = e.withStorage(func(ctx context.Context, d *db.DB, c config.Config) error {
			_, err := backup.Write(ctx, d, path, backupInfo(c, e.clock.Now()))
			return err
		})
	}
	if err != nil {
		return err
	}
	m, err := backup.Verify(ctx, path)
	if err != nil {
		return fmt.Errorf("the backup was written, but reading it back failed: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Out, "%s: %d tables, %d rows, %d files, %s; read back and checked\n", path, len(m.Tables), m.Rows(), len(m.Files), bytesText(info.Size()))
	return nil
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

type restoreCmd struct {
	File  string `arg:"" help:"The backup."`
	Force bool   `help:"Move an instance that is there aside instead of refusing. Nothing is ever deleted."`
}

// Help explains the command.
func (restoreCmd) Help() string {
	return `Rebuilds the instance that the backup holds: in the data directory, and in the PostgreSQL database where one is configured. The program must not run on it.

The instance is built aside, every row is compared with the backup, and only then is it put in place. If anything fails, the target stays as it was. A backup of an older version is migrated when the program starts; one of a newer version is refused.

With --force the present instance is moved to DATA.before-restore-TIME, on PostgreSQL to the schema before_restore_TIME. Remove that when you are sure.

Examples:

    tongban restore /backup/tongban-20261122T023000Z.backup --data /var/lib/tongban
    tongban restore last.backup --force
    TONGBAN_DATABASE_URL=postgres://… tongban restore last.backup      from SQLite into PostgreSQL`
}

// ownedFiles are the files of the data directory that make an instance, besides the database.
var ownedFiles = []string{"secret.key", demoMark}

// Run restores a backup.
func (r restoreCmd) Run(e *env) (err error) {
	c, err := e.load()
	if err != nil {
		return err
	}
	if err := mustBeFile(r.File); err != nil {
		return err
	}
	made := missing(c.Data)
	lock, err := app.LockData(c.Data)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && len(made) > 0 {
			os.Remove(filepath.Join(c.Data, "lock"))
			for _, folder := range made {
				os.Remove(folder) // stays where something lies in it
			}
		}
		err = errors.Join(err, lock.Release())
	}()
	m, err := backup.Restore(context.Background(), r.File, backup.Target{
		Folder: c.Data, Database: databaseFile(c), URL: c.Database.URL.Reveal(), Sets: app.MigrationSets(),
		At: e.clock.Now(), Force: r.Force, Owned: ownedFiles,
	})
	if err != nil {
		return err
	}
	engine := db.SQLite
	if c.Database.URL != "" {
		engine = db.Postgres
	}
	fmt.Fprintf(e.Out, "restored %d rows of %d tables and %d files into %s (%s), from a backup of %s made by tongban %s on %s; every row was compared\n",
		m.Rows(), len(m.Tables), len(m.Files), c.Data, engine, m.At.In(c.Zone).Format("2006-01-02 15:04:05"), m.Program, m.Engine)
	return nil
}

// mustBeFile refuses what cannot be a backup.
func mustBeFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a folder; name the backup file in it", path)
	}
	return nil
}

// missing returns which folders have to be made for dir, itself first; none when it is there.
func missing(dir string) []string {
	var made []string
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			return made
		}
		made = append(made, dir)
		dir = filepath.Dir(dir)
	}
}

type verifyCmd struct {
	File string `arg:"" help:"The backup."`
	Deep bool   `help:"Also restore it into a scratch database below $TMPDIR, and check that."`
}

// Help explains the command.
func (verifyCmd) Help() string {
	return `Checks that a backup is complete and unchanged, down to the last byte: its seal, its manifest, and the number and hash of the rows of every table. With --deep it is also restored into a scratch database, which proves that it can be; that needs room and time like a restore.

It needs no configuration and no data directory.

Examples:

    tongban verify /backup/tongban-20261122T023000Z.backup
    tongban verify last.backup --deep`
}

// Run checks a backup.
func (v verifyCmd) Run(e *env) error {
	if err := mustBeFile(v.File); err != nil {
		return err
	}
	ctx := context.Background()
	m, err := backup.Verify(ctx, v.File)
	if err != nil {
		return err
	}
	how := "complete and unchanged"
	if v.Deep {
		if _, err := backup.VerifyDeep(ctx, v.File, "", app.MigrationSets()); err != nil {
			return err
		}
		how += ", and it restores"
	}
	fmt.Fprintf(e.Out, "%s: %s: %d tables, %d rows, %d files, made by tongban %s on %s at %s\n",
		v.File, how, len(m.Tables), m.Rows(), len(m.Files), m.Program, m.Engine, m.At.Format(time.RFC3339))
	return nil
}
