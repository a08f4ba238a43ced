package op

import (
	"testing"
	"time"
)

func TestARepeatedKnockIsRecordedOnceAMinute(t *testing.T) {
	t.Parallel()
	var k knocks
	at := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	knock := func(after time.Duration, name, addr string) (bool, int) {
		return k.first(Entry{At: at.Add(after), Op: name, Actor: Actor{Addr: addr}})
	}
	for i, tc := range []struct {
		after      time.Duration
		name, addr string
		first      bool
		missed     int
	}{
		{0, "desk.ticket.list", "a", true, 0},
		{time.Second, "desk.ticket.list", "a", false, 0},
		{2 * time.Second, "desk.ticket.list", "b", true, 0},
		{3 * time.Second, "desk.ticket.read", "a", true, 0},
		{59 * time.Second, "desk.ticket.list", "a", false, 0},
		{time.Minute, "desk.ticket.list", "a", true, 2},
		{3 * time.Minute, "desk.ticket.list", "a", true, 0},
	} {
		if first, missed := knock(tc.after, tc.name, tc.addr); first != tc.first || missed != tc.missed {
			t.Errorf("%d: recorded %v with %d missed, want %v with %d", i, first, missed, tc.first, tc.missed)
		}
	}
	for i := range 3 * maxKnocks {
		knock(0, "desk.ticket.list", string(rune(i)))
	}
	if len(k.seen) > maxKnocks {
		t.Errorf("%d addresses are remembered", len(k.seen))
	}
}
