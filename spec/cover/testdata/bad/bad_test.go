package bad

import (
	"testing"

	register "tongban/spec"
)

const computed = "MP-5.2-e-3"

func TestBad(t *testing.T) {
	register.Covers(t, "MP-5.2-e-1", "MP-5.2-x")
	t.Run("sub", func(t *testing.T) {
		register.Covers(t, computed)
	})
}
