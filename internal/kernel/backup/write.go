package backup

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tongban/internal/kernel/db"
)

// Write backs the database and the files up into a new file at path, which must not exist yet. It can run while
// the instance works.
func Write(ctx context.Context, d *db.DB, path string, info Info) (Manifest, error) {
	var m Manifest
	err := Save(path, func(w io.Writer) (err error) {
		m, err = Stream(ctx, d, w, info)
		return err
	})
	return m, err
}

// Save has fill write a backup and gives it its name only when it is complete and on the disk. Whatever goes
// wrong, nothing is left at path.
func Save(path string, fill func(w io.Writer) error) (err error) {
	if err := mustNotExist(path); err != nil {
		return err
	}
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*.part") // made with mode 600
	if err != nil {
		return fmt.Errorf("write the backup: %w; the folder %s must exist and be writable", err, folder)
	}
	defer func() {
		if err != nil {
			f.Close()           // already closed, or not worth keeping
			os.Remove(f.Name()) // gone already once it has its name
		}
	}()
	buffered := bufio.NewWriterSize(f, 256<<10)
	if err := fill(buffered); err != nil {
		return err
	}
	if err := errors.Join(buffered.Flush(), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if err := mustNotExist(path); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return syncFolder(folder)
}

func mustNotExist(path string) error {
	_, err := os.Lstat(path)
	if err == nil {
		return fmt.Errorf("%s exists already; a backup never overwrites a file, so name another", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

// syncFolder makes renames in the folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Stream writes a backup to w from its first byte to its last. It is complete only when Stream returns nil.
func Stream(ctx context.Context, d *db.DB, w io.Writer, info Info) (Manifest, error) {
	seal := newSealer(w)
	out := &writer{zip: zip.NewWriter(seal), at: info.At, m: Manifest{
		Format: format, Program: info.Program, Commit: info.Commit, Engine: d.Engine(), At: info.At.UTC().Truncate(time.Second),
		Files: []File{}, Tables: []Table{},
	}}
	// The data are compressed while people work on the same machine; the best ratio costs five times the time.
	out.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	err := d.ReadTx(ctx, func(ctx context.Context, q db.Querier) error { return out.database(ctx, q, d.Engine()) })
	if err != nil {
		return Manifest{}, fmt.Errorf("back up the database: %w", err)
	}
	for _, s := range info.Files {
		if err := out.file(s); err != nil {
			return Manifest{}, fmt.Errorf("back up %s: %w", s.Path, err)
		}
	}
	if err := errors.Join(out.finish(), seal.close()); err != nil {
		return Manifest{}, fmt.Errorf("write the backup: %w", err)
	}
	return out.m, nil
}

// writer is a backup being written.
type writer struct {
	zip *zip.Writer
	at  time.Time
	m   Manifest
}

func (w *writer) database(ctx context.Context, q db.Querier, engine db.Engine) error {
	c, err := readCatalog(ctx, q, engine)
	if err != nil {
		return err
	}
	if w.m.Migrations, err = readMigrations(ctx, q); err != nil {
		return err
	}
	for _, t := range c.tables {
		if t.Name == migrationTable {
			continue // the manifest has them; Restore applies them instead of inserting their rows
		}
		entry, err := w.create(t.entry())
		if err != nil {
			return err
		}
		if err := t.read(ctx, q, entry); err != nil {
			return err
		}
		w.m.Tables = append(w.m.Tables, t)
	}
	return nil
}

func (w *writer) create(name string) (io.Writer, error) {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.at}
	header.SetMode(0o600)
	return w.zip.CreateHeader(header)
}

func (w *writer) file(s Source) error {
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	described := File{Name: s.Name}
	entry, err := w.create(described.entry())
	if err != nil {
		return err
	}
	sum := newTally()
	if _, err := io.Copy(io.MultiWriter(entry, sum), f); err != nil {
		return err
	}
	described.Bytes, described.SHA256 = sum.bytes, sum.hex()
	w.m.Files = append(w.m.Files, described)
	return nil
}

// finish writes the manifest, the directory of the zip and the open seal.
func (w *writer) finish() error {
	entry, err := w.create(manifestName)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(entry)
	lines.SetIndent("", " ")
	if err := lines.Encode(w.m); err != nil {
		return err
	}
	if err := w.zip.SetComment(unsealed()); err != nil {
		return err
	}
	return w.zip.Close()
}

// tally counts and hashes what is written to it.
type tally struct {
	sum   hash.Hash
	bytes int64
	rows  int64
}

func newTally() *tally { return &tally{sum: sha256.New()} }

func (t *tally) Write(p []byte) (int, error) {
	t.bytes += int64(len(p))
	return t.sum.Write(p)
}

func (t *tally) hex() string { return hex.EncodeToString(t.sum.Sum(nil)) }
