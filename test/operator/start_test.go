package operator

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the program must reach, on a quiet machine with two cores.
const (
	firstStartLimit = 3 * time.Second
	startLimit      = time.Second
	idleLimit       = 150 << 20
)

func itoa(n int) string { return strconv.Itoa(n) }

// The best of a few starts counts: the machine may be busy with other tests, and the program cannot help that.
func TestStartAndIdleMemory(t *testing.T) {
	for _, command := range []string{"serve", "demo"} {
		t.Run(command, func(t *testing.T) {
			var first, again []time.Duration
			var memory []int64
			for range 3 {
				data := dataFolder(t)
				for _, took := range []*[]time.Duration{&first, &again} {
					i := startAs(t, command, data)
					*took = append(*took, i.ready)
					memory = append(memory, resident(t, i))
					i.stop()
				}
			}
			t.Logf("first start: %s; start on an existing database: %s; idle memory: %d to %d MiB",
				slices.Min(first).Round(time.Millisecond), slices.Min(again).Round(time.Millisecond),
				slices.Min(memory)>>20, slices.Max(memory)>>20)
			if best := slices.Min(first); best > firstStartLimit {
				t.Errorf("the first start takes %s, more than %s", best, firstStartLimit)
			}
			if best := slices.Min(again); best > startLimit {
				t.Errorf("a start takes %s, more than %s", best, startLimit)
			}
			if least := slices.Min(memory); least > idleLimit {
				t.Errorf("idle it takes %d MiB, more than %d", least>>20, idleLimit>>20)
			}
		})
	}
}

// resident returns the memory a process holds.
func resident(t *testing.T, i *instance) int64 {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("/proc", itoa(i.cmd.Process.Pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
