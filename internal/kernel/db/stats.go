package db

import (
	"sync/atomic"
	"time"
)

// Stats are counters since Open, for the application to export.
type Stats struct {
	Writes       int64         // Write calls whose function ran
	Groups       int64         // commits that were asked of the engine; Writes/Groups is the mean group
	LargestGroup int64         // most writes that shared one commit
	Queued       int64         // Write calls that wait now
	WaitTotal    time.Duration // time Write calls spent waiting for their turn, summed
	Retries      int64         // functions run again: serialization failures, or a neighbour broke the group
	ReadConns    int           // open connections of the read-only pool
	ReadWaits    int64         // times a reader waited for a connection
}

type counters struct {
	writes, groups, largest, queued, waited, retries atomic.Int64
}

// Stats returns the counters.
func (d *DB) Stats() Stats {
	r := d.reads.Stats()
	return Stats{
		Writes: d.counts.writes.Load(), Groups: d.counts.groups.Load(), LargestGroup: d.counts.largest.Load(),
		Queued: d.counts.queued.Load(), WaitTotal: time.Duration(d.counts.waited.Load()),
		Retries: d.counts.retries.Load(), ReadConns: r.OpenConnections, ReadWaits: r.WaitCount,
	}
}

// took counts a group of n writes.
func (c *counters) took(n int) {
	c.groups.Add(1)
	for {
		most := c.largest.Load()
		if int64(n) <= most || c.largest.CompareAndSwap(most, int64(n)) {
			return
		}
	}
}
