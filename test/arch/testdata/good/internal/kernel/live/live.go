package live

import "io"

// MustWrite ends the program that cannot start.
func MustWrite(w io.Writer, p []byte) {
	if _, err := w.Write(p); err != nil {
		panic(err)
	}
}
