package backup

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxRow bounds the memory for a row.
const maxRow = 256 << 20

// archive is a backup opened for reading. Its seal has been checked.
type archive struct {
	file    *os.File
	entries map[string]*zip.File
	m       Manifest
}

// open checks the seal, which reads the whole file, and reads the manifest.
func open(path string) (*archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	a := &archive{file: f}
	if err := a.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return a, nil
}

func (a *archive) close() error { return a.file.Close() }

func (a *archive) load() error {
	info, err := a.file.Stat()
	if err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	if !info.Mode().IsRegular() {
		return damaged("it is not a file")
	}
	if err := checkSeal(a.file, info.Size()); err != nil {
		return err
	}
	z, err := zip.NewReader(a.file, info.Size())
	if err != nil {
		return damaged("%w", err)
	}
	a.entries = make(map[string]*zip.File, len(z.File))
	for _, e := range z.File {
		if a.entries[e.Name] != nil {
			return damaged("entry %s stands twice", e.Name)
		}
		a.entries[e.Name] = e
	}
	raw, err := a.manifest()
	if err != nil {
		return err
	}
	if a.m, err = parseManifest(raw); err != nil {
		return err
	}
	return a.checkEntries()
}

func (a *archive) manifest() ([]byte, error) {
	r, err := a.entry(manifestName)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, damaged("the manifest cannot be read: %w", err)
	}
	if len(raw) > maxManifest {
		return nil, damaged("the manifest is too large")
	}
	return raw, nil
}

// checkEntries compares the entries with the manifest: none is missing and none is there that it does not know.
func (a *archive) checkEntries() error {
	for _, t := range a.m.Tables {
		if a.entries[t.entry()] == nil {
			return damaged("the rows of table %s are missing", t.Name)
		}
	}
	for _, f := range a.m.Files {
		if a.entries[f.entry()] == nil {
			return damaged("the file %s is missing", f.Name)
		}
	}
	if want := len(a.m.Tables) + len(a.m.Files) + 1; len(a.entries) != want {
		return damaged("it has %d entries and its manifest knows %d", len(a.entries), want)
	}
	return nil
}

func (a *archive) entry(name string) (io.ReadCloser, error) {
	e := a.entries[name]
	if e == nil {
		return nil, damaged("entry %s is missing", name)
	}
	r, err := e.Open()
	if err != nil {
		return nil, damaged("entry %s: %w", name, err)
	}
	return r, nil
}

// lines hands the lines of a table to visit, which must not keep them, and then compares their number, size and
// hash with the manifest. An error of visit comes back as it is.
func (a *archive) lines(t Table, visit func(line []byte) error) error {
	r, err := a.entry(t.entry())
	if err != nil {
		return err
	}
	defer r.Close()
	sum := newTally()
	// The manifest's size bounds what is unpacked, whatever the entry would yield.
	in := bufio.NewReaderSize(io.LimitReader(r, t.Bytes+1), 64<<10)
	var line []byte
	for {
		line, err = readLine(in, line[:0])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged("table %s, row %d: %w", t.Name, sum.rows+1, err)
		}
		sum.rows++
		sum.Write(line)
		if err := visit(line); err != nil {
			return err
		}
	}
	if sum.rows != t.Rows || sum.bytes != t.Bytes || sum.hex() != t.SHA256 {
		return damaged("the rows of table %s do not match the manifest", t.Name)
	}
	return nil
}

// readLine appends the next line, with its end, to line. It returns io.EOF only between lines.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		case len(line) > maxRow:
			return line, errors.New("the row is too long")
		}
	}
}

// copyFile writes a file of the backup to w and compares it with the manifest.
func (a *archive) copyFile(f File, w io.Writer) error {
	r, err := a.entry(f.entry())
	if err != nil {
		return err
	}
	defer r.Close()
	sum := newTally()
	if _, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, f.Bytes+1)); err != nil {
		return fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	if sum.bytes != f.Bytes || sum.hex() != f.SHA256 {
		return damaged("the file %s does not match the manifest", f.Name)
	}
	return nil
}
