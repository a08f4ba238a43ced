package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Lock is the hold of one process on a data directory.
type Lock struct{ file *os.File }

// LockData takes the data directory for this process and makes it when it does not exist. Two processes on one
// directory would each believe they are the only writer; the second gets an error that names the first.
func LockData(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data directory %s cannot be made: %w; choose another with --data or mend its permissions", dir, err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data directory %s cannot be written: %w; choose another with --data or mend its permissions", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return nil, fmt.Errorf("another tongban (process %s) is using the data directory %s; stop it first, or choose another directory with --data",
			holder(path), dir)
	}
	l := &Lock{file: f}
	return l, l.sign()
}

func holder(path string) string {
	raw, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(raw)); err == nil && id != "" {
		return id
	}
	return "unknown"
}

// sign writes this process's id into the file, for the message the next one gets.
func (l *Lock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	_, err := l.file.WriteAt([]byte(fmt.Sprintln(os.Getpid())), 0)
	if err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	return nil
}

// Release gives the directory free. The operating system does the same when the process dies.
func (l *Lock) Release() error { return l.file.Close() }
