package app

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tongban/internal/app/system"
	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/jobs"
)

// BackupInfo names what belongs into a backup besides the database: the files of the data directory without which
// the rows are of no use.
func BackupInfo(c config.Config, version string, now time.Time) backup.Info {
	info := backup.Info{Program: version, At: now}
	for _, name := range []string{keyFile, demoFile} {
		path := filepath.Join(c.Data, name)
		if _, err := os.Stat(path); err == nil {
			info.Files = append(info.Files, backup.Source{Name: name, Path: path})
		}
	}
	return info
}

// BackupDir is where the daily backups are.
func BackupDir(c config.Config) string {
	if c.Backup.Dir != "" {
		return c.Backup.Dir
	}
	return filepath.Join(c.Data, "backup")
}

func (a *App) backups() system.Backups {
	b := system.Backups{
		Dir: BackupDir(a.Config), Keep: a.Config.Backup.Keep,
		Info: func(now time.Time) backup.Info { return BackupInfo(a.Config, a.Version, now) },
	}
	if at := a.Config.Backup.At; !at.Never {
		b.Every = jobs.DailyAt(fmt.Sprintf("%02d:%02d", at.Hour, at.Minute), a.Config.Zone)
	}
	return b
}
