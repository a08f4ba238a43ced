package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// The zip comment is sealMark and 64 hexadecimal digits; the digits are the SHA-256 of all that stands before them.
const (
	sealMark   = "tongban backup, sha256 "
	sealDigits = 2 * sha256.Size
)

// unsealed is the comment while the sum is not known yet.
func unsealed() string { return sealMark + strings.Repeat("0", sealDigits) }

// sealer passes on what is written to it, but holds back the last 64 bytes, which close replaces by the sum of
// all before them. So a backup can be written to a pipe or a connection in one go.
type sealer struct {
	w    io.Writer
	sum  hash.Hash
	held []byte
}

func newSealer(w io.Writer) *sealer { return &sealer{w: w, sum: sha256.New()} }

func (s *sealer) Write(p []byte) (int, error) {
	s.held = append(s.held, p...)
	ready := len(s.held) - sealDigits
	if ready <= 0 {
		return len(p), nil
	}
	s.sum.Write(s.held[:ready])
	if _, err := s.w.Write(s.held[:ready]); err != nil {
		return 0, err
	}
	s.held = append(s.held[:0], s.held[ready:]...)
	return len(p), nil
}

// close writes the seal in place of the bytes held back.
func (s *sealer) close() error {
	if string(s.held) != strings.Repeat("0", sealDigits) {
		return errors.New("backup: the file does not end with an open seal")
	}
	_, err := io.WriteString(s.w, hex.EncodeToString(s.sum.Sum(nil)))
	return err
}

// checkSeal reads the whole file and compares the seal at its end.
func checkSeal(r io.ReaderAt, size int64) error {
	tail := make([]byte, len(sealMark)+sealDigits)
	if size < int64(len(tail)) {
		return damaged("it has only %d bytes", size)
	}
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	if string(tail[:len(sealMark)]) != sealMark {
		return damaged("its end is missing; it was cut short, extended, or never a backup")
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size-sealDigits)); err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != string(tail[len(sealMark):]) {
		return damaged("its content does not match its checksum; some of its bytes have changed")
	}
	return nil
}
