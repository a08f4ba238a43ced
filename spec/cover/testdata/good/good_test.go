package good

import (
	"testing"

	"tongban/spec"
)

func TestGood(t *testing.T) { spec.Covers(t, "MP-5.2-e-1", "BA-3.1") }
