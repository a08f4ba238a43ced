package op

import (
	"sync"
	"time"
)

// knocks keeps visitors who are not signed in from filling the log: of an address that asks for the same operation
// over and over, one refusal a minute is recorded, with the number of those since the last one as its reason ("+57").
// All of them are counted in the metrics.
type knocks struct {
	mu   sync.Mutex
	seen map[knock]*since
}

type knock struct{ op, addr string }

type since struct {
	at     time.Time
	missed int
}

// maxKnocks bounds the memory; when it is full, all are forgotten and recorded anew.
const maxKnocks = 10_000

// first reports whether this refusal is to be recorded, and how many were not since the last that was.
func (k *knocks) first(e Entry) (bool, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen == nil || len(k.seen) >= maxKnocks {
		k.seen = map[knock]*since{}
	}
	key := knock{e.Op, e.Actor.Addr}
	s := k.seen[key]
	if s != nil && e.At.Sub(s.at) < time.Minute {
		s.missed++
		return false, 0
	}
	missed := 0
	if s != nil {
		missed = s.missed
	}
	k.seen[key] = &since{at: e.At}
	return true, missed
}
