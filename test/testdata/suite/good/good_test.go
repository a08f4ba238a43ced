package good

import "testing"

func TestPlain(t *testing.T) { t.Log("a passing test says nothing") }

func TestGroup(t *testing.T) {
	t.Run("one", func(t *testing.T) {})
	t.Run("two", func(t *testing.T) { t.Skip("not here") })
}
