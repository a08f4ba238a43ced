package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	mib = 1 << 20
	// Below diskFail a busy day fills the disk; below diskWarn a month may.
	diskWarn, diskFail = 2048 * mib, 200 * mib
)

func (r *report) disk(e Env) {
	r.check = "disk"
	dir := e.Config.Data
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		r.ok("data directory", "%s does not exist yet; the first start makes it", dir)
		r.space(nearest(dir))
		return
	}
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		r.fail("data directory", fmt.Sprintf("let the user of the program write %s", dir), "it cannot be written: %v", err)
		return
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		r.fail("data directory", fmt.Sprintf("let the user of the program write %s", dir), "it cannot be written: %v", err)
		return
	}
	r.ok("data directory", "%s can be written", dir)
	r.space(dir)
	r.secrets(e)
}

// nearest returns the first folder above path that exists.
func nearest(path string) string {
	for {
		up := filepath.Dir(path)
		if _, err := os.Stat(up); err == nil || up == path {
			return up
		}
		path = up
	}
}

func (r *report) space(dir string) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		r.warn("free space", "look at the disk by hand", "it cannot be told: %v", err)
		return
	}
	free, total := int64(st.Bavail)*st.Bsize, int64(st.Blocks)*st.Bsize //nolint:unconvert // the types differ between systems
	found := fmt.Sprintf("%s of %s are free", size(free), size(total))
	const mend = "make room, move the data directory to a larger disk, or keep fewer backups (backup.keep)"
	switch {
	case free < diskFail:
		r.fail("free space", mend, "%s", found)
	case free < diskWarn:
		r.warn("free space", mend, "%s", found)
	default:
		r.ok("free space", "%s", found)
	}
	if st.Files == 0 {
		return // a file system without a fixed number of files
	}
	if left := float64(st.Ffree) / float64(st.Files); left < 0.05 {
		r.warn("free inodes", "remove small files that nobody needs", "%.0f %% of the file system's inodes are left", 100*left)
		return
	}
	r.ok("free inodes", "%d", st.Ffree)
}

func size(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// secrets finds files of the instance that other users of the machine can read.
func (r *report) secrets(e Env) {
	open := false
	for _, f := range []struct {
		path      string
		forbidden fs.FileMode
		mode      string
	}{
		{e.Config.Data, 0o077, "700"},
		{filepath.Join(e.Config.Data, "secret.key"), 0o077, "600"},
		{e.Database, 0o077, "600"},
		{e.Config.TLS.Key, 0o027, "600"},
	} {
		info, err := os.Stat(f.path)
		if f.path == "" || err != nil || info.Mode().Perm()&f.forbidden == 0 {
			continue // not there, or closed
		}
		open = true
		r.fail("permissions", fmt.Sprintf("chmod %s %s", f.mode, f.path), "other users can read %s (mode %04o)", f.path, info.Mode().Perm())
	}
	if !open {
		r.ok("permissions", "data, key and database are closed to other users")
	}
}
