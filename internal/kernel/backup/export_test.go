package backup

import (
	"archive/zip"
	"errors"
	"io"
)

// Sealed writes a zip file with a seal that holds, for tests that forge one.
func Sealed(w io.Writer, fill func(z *zip.Writer) error) error {
	seal := newSealer(w)
	z := zip.NewWriter(seal)
	if err := fill(z); err != nil {
		return err
	}
	return errors.Join(z.SetComment(unsealed()), z.Close(), seal.close())
}
