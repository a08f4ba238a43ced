package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	socketName  = "control.sock"
	pointerName = "control.path"
	// maxPath is what fits into a socket address of Linux, with its closing zero.
	maxPath = 107
)

// place returns where the socket of the data directory is to be, and makes what it needs. The caller holds the
// directory's lock, so a socket that is there is a dead process's.
func place(dir string) (path string, err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := clear(abs); err != nil {
		return "", err
	}
	if path = filepath.Join(abs, socketName); len(path) <= maxPath {
		return path, nil
	}
	folder, err := os.MkdirTemp("", "tongban-*") // made with mode 700
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, socketName)
	if len(path) > maxPath {
		return "", errors.Join(fmt.Errorf("the path %s is too long for a socket; set TMPDIR to a shorter folder", path), os.Remove(folder))
	}
	return path, os.WriteFile(filepath.Join(abs, pointerName), []byte(path+"\n"), 0o600)
}

// find returns the socket of the instance on dir, or "" when none is there.
func find(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(abs, socketName)
	raw, err := os.ReadFile(filepath.Join(abs, pointerName))
	if err == nil {
		path = strings.TrimSpace(string(raw))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return path, nil
}

// clear removes the socket of dir and what points to it.
func clear(dir string) error {
	pointer := filepath.Join(dir, pointerName)
	if raw, err := os.ReadFile(pointer); err == nil {
		path := strings.TrimSpace(string(raw))
		if filepath.Base(path) == socketName {
			os.Remove(path)               // both may be gone: temporary
			os.Remove(filepath.Dir(path)) // files are cleaned up by others too
		}
	}
	return errors.Join(remove(pointer), remove(filepath.Join(dir, socketName)))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
