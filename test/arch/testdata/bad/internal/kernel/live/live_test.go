package live

import (
	"testing"
	"time"
)

func TestWaits(t *testing.T) {
	time.Sleep(time.Second)
	_ = time.Now()
}
