package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"time"

	"tongban/internal/kernel/db"
)

// format is the version of the file's layout and of the rows' encoding. A change that an older program would
// misread raises it.
const format = 1

const (
	manifestName = "manifest.json"
	tablesFolder = "tables/"
	filesFolder  = "files/"
	// maxManifest bounds what is read of a file that claims to be a backup: some 10,000 tables.
	maxManifest = 64 << 20
)

// Info says what a backup is made of besides the database.
type Info struct {
	Program string    // version of the program
	Commit  string    // the commit it was built from, when known
	At      time.Time // now
	Files   []Source
}

// Source is a file of the data directory that belongs into the backup.
type Source struct {
	Name string // its path below the data directory, with slashes
	Path string // where it is now
}

// Manifest describes a backup. It is the last entry of the file.
type Manifest struct {
	Format     int         `json:"format"`
	Program    string      `json:"program"`
	Commit     string      `json:"commit,omitempty"`
	Engine     db.Engine   `json:"engine"`
	At         time.Time   `json:"at"`
	Migrations []Migration `json:"migrations"`
	Tables     []Table     `json:"tables"`
	Files      []File      `json:"files"`
}

// Migration is one that the database had applied.
type Migration struct {
	Module   string `json:"module"`
	Number   int64  `json:"number"`
	Checksum string `json:"checksum"`
}

// Table is the description of one table's rows.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	Key     []string `json:"key"` // the columns that the rows are sorted by
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"` // before compression
	SHA256  string   `json:"sha256"`
}

// Column is one column, with the type that both engines know.
type Column struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

// Type is one of the five column types that both engines share.
type Type string

// The types.
const (
	Text    Type = "text"
	Bigint  Type = "bigint"
	Boolean Type = "boolean"
	Bytea   Type = "bytea"
	Double  Type = "double precision"
)

// File is one file of the data directory.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Rows returns the number of rows of all tables.
func (m Manifest) Rows() int64 {
	var n int64
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

func (t Table) entry() string { return tablesFolder + t.Name + ".jsonl" }

func (f File) entry() string { return filesFolder + f.Name }

func (t Table) types() []Type {
	types := make([]Type, len(t.Columns))
	for i, c := range t.Columns {
		types[i] = c.Type
	}
	return types
}

// parseManifest reads a manifest and refuses one that this program cannot restore faithfully.
func parseManifest(raw []byte) (Manifest, error) {
	var version struct{ Format int }
	if err := json.Unmarshal(raw, &version); err != nil {
		return Manifest{}, damaged("the manifest cannot be read: %w", err)
	}
	if version.Format > format {
		return Manifest{}, fmt.Errorf("the backup has format %d and this program reads up to %d; use a newer tongban", version.Format, format)
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, damaged("the manifest cannot be read: %w", err)
	}
	return m, m.check()
}

func (m Manifest) check() error {
	if m.Format != format {
		return damaged("the manifest has no format")
	}
	seen := map[string]bool{}
	for _, t := range m.Tables {
		if t.Name == "" || seen[t.entry()] || len(t.Columns) == 0 || len(t.Key) == 0 || t.Rows < 0 || t.Bytes < 0 {
			return damaged("the manifest's table %q is described wrongly", t.Name)
		}
		for _, c := range t.Columns {
			if _, err := typeOf(string(c.Type)); err != nil {
				return damaged("table %s, column %s: %w", t.Name, c.Name, err)
			}
		}
		seen[t.entry()] = true
	}
	for _, f := range m.Files {
		// Names come from outside and become paths: none may lead out of the data directory.
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || path.Clean(f.Name) != f.Name || seen[f.entry()] || f.Bytes < 0 {
			return damaged("the manifest's file %q is described wrongly", f.Name)
		}
		seen[f.entry()] = true
	}
	return nil
}

// ErrDamaged is what every error about a file that is no complete, unchanged backup wraps.
var ErrDamaged = errors.New("the file is damaged or is not a backup of tongban")

// damaged describes what is wrong with the file.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}
