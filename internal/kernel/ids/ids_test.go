package ids_test

import (
	"testing"

	"tongban/internal/kernel/ids"
)

func TestNewSortsByTime(t *testing.T) {
	t.Parallel()
	last := ""
	for range 10_000 {
		id := ids.New()
		if id <= last {
			t.Fatalf("%s does not sort after %s", id, last)
		}
		if !ids.Valid(id) {
			t.Fatalf("%s is not valid", id)
		}
		last = id
	}
}

func TestValidRefusesJunk(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "1", "../../etc/passwd", "{0190f3a0-0000-7000-8000-000000000000}", "0190f3a0-0000-7000-8000-00000000000g"} {
		if ids.Valid(s) {
			t.Errorf("Valid(%q) = true", s)
		}
	}
}

func TestSecretsDiffer(t *testing.T) {
	t.Parallel()
	a, b := ids.Secret(), ids.Secret()
	if a == b || len(a) != 43 || ids.Digest(a) == ids.Digest(b) {
		t.Fatalf("secrets %q %q", a, b)
	}
}
