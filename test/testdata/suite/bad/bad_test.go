package bad

import "testing"

func TestGroup(t *testing.T) {
	t.Run("wrong", func(t *testing.T) { t.Error("wrong is wrong") })
	t.Run("right", func(t *testing.T) { t.Log("right is silent") })
}

func TestOwnFailure(t *testing.T) {
	t.Run("right", func(t *testing.T) {})
	t.Error("after its parts")
}
