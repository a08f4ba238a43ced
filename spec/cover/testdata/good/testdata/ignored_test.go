package unknown

import (
	"testing"

	"tongban/spec"
)

func TestBad(t *testing.T) { spec.Covers(t, "MP-5.2-e-1", "MP-5.2-x") }
