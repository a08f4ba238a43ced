package system

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tongban/internal/kernel/backup"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/op"
)

// Backups says where and when the daily backup is made.
type Backups struct {
	Dir   string
	Keep  int
	Every *jobs.Schedule                  // nil: never by itself
	Info  func(now time.Time) backup.Info // what belongs into a backup besides the database
}

// JobBackup is the daily backup.
const JobBackup = "system.backup"

var listBackups = op.New("system.backup.list", op.Needs(PermStatus), op.Reads())

// maxBackupAge is how old the newest backup may be before the overview says so: a day and some patience.
const maxBackupAge = 26 * time.Hour

// BackupFile is one backup in the backup directory.
type BackupFile struct {
	Name  string
	At    time.Time
	Bytes int64
}

// BackupList is what the backup directory holds.
type BackupList struct {
	Dir    string
	Files  []BackupFile // the newest first
	Missed bool         // the newest is older than a daily backup may be, or there is none after a day of running
}

// Backups lists the backups of the backup directory.
func (s *Service) Backups(ctx context.Context, in op.None) (BackupList, error) {
	return op.Query(ctx, s.ops, listBackups, in, func(context.Context, *op.View, op.None) (BackupList, error) {
		list := BackupList{Dir: s.backups.Dir}
		paths, err := backup.List(s.backups.Dir)
		if err != nil {
			return BackupList{}, fmt.Errorf("list backups: %w", err)
		}
		for _, path := range paths {
			at, _ := backup.TimeOf(filepath.Base(path)) // List returns only names that have a time
			info, err := os.Stat(path)
			if err != nil {
				continue // removed meanwhile
			}
			list.Files = append(list.Files, BackupFile{Name: filepath.Base(path), At: at, Bytes: info.Size()})
		}
		last := s.started
		if len(list.Files) > 0 {
			last = list.Files[0].At
		}
		list.Missed = s.backups.Every != nil && s.clock.Now().Sub(last) > maxBackupAge
		return list, nil
	})
}

// backUp makes the daily backup and removes those that are too many.
func (s *Service) backUp(ctx context.Context, _ json.RawMessage) error {
	if err := os.MkdirAll(s.backups.Dir, 0o700); err != nil {
		return fmt.Errorf("make the backup directory: %w", err)
	}
	now := s.clock.Now()
	path := filepath.Join(s.backups.Dir, backup.Name(now))
	if _, err := backup.Write(ctx, s.db, path, s.backups.Info(now)); err != nil {
		return err
	}
	_, err := backup.Keep(s.backups.Dir, s.backups.Keep)
	return err
}
