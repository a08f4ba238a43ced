package doctor

import (
	"path/filepath"
	"time"

	"tongban/internal/kernel/backup"
)

// A daily backup that is older than this has been missed.
const backupAge = 26 * time.Hour

func (r *report) backups(e Env) {
	r.check = "backups"
	dir := e.BackupFolder
	if e.Config.Backup.At.Never {
		r.warn("schedule", "set backup.at, or make sure that somebody calls tongban backup every day", "no daily backup is configured")
	}
	paths, err := backup.List(dir)
	if err != nil {
		r.fail("newest", "let the user of the program read and write "+dir, "%v", err)
		return
	}
	if len(paths) == 0 {
		r.warn("newest", "make one now: tongban backup "+dir, "there is none in %s", dir)
		return
	}
	at, _ := backup.TimeOf(filepath.Base(paths[0])) // List returns only names that have a time
	age := e.Now.Sub(at).Round(time.Minute)
	if age > backupAge {
		r.warn("newest", "look at the log for the failed backup, and make one now: tongban backup "+dir, "%s is %s old", paths[0], age)
		return
	}
	r.ok("newest", "%s, %s old; %d are kept", paths[0], age, len(paths))
}
