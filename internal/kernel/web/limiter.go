package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tongban/internal/kernel/op"
)

// mostBuckets bounds the memory of a limiter to some 10 MB, whoever asks from however many addresses.
const mostBuckets = 50_000

// limiter bounds requests per address. It forgets addresses that have been quiet, and, when too many ask at
// once, any of them: who was forgotten starts anew with a full burst, so that nobody is shut out by a crowd.
type limiter struct {
	perSecond rate.Limit
	burst     int
	clock     op.Clock
	keep      time.Duration // a quiet address is forgotten after this: not before its burst would be full again

	mu      sync.Mutex // guards what follows
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

func newLimiter(perSecond float64, burst int, clock op.Clock) *limiter {
	l := &limiter{perSecond: rate.Limit(perSecond), burst: burst, clock: clock, buckets: map[string]*bucket{}, keep: time.Minute}
	if perSecond > 0 {
		l.keep = max(l.keep, time.Duration(float64(burst)/perSecond*float64(time.Second)))
	}
	return l
}

// take returns zero when the address may go on now, or how long it should wait.
func (l *limiter) take(addr string) time.Duration {
	if l.perSecond == 0 {
		return 0
	}
	now, key := l.clock.Now(), limitKey(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	b := l.buckets[key]
	if b == nil {
		l.makeRoom()
		b = &bucket{Limiter: rate.NewLimiter(l.perSecond, l.burst)}
		l.buckets[key] = b
	}
	b.used = now
	if b.AllowN(now, 1) {
		return 0
	}
	return time.Duration((1 - b.TokensAt(now)) / float64(l.perSecond) * float64(time.Second))
}

// limitKey is what counts as one address. Whoever has an IPv6 address has the 2^64 beside it as well.
func limitKey(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Is4() {
		return addr
	}
	if p, err := a.Prefix(64); err == nil {
		return p.String()
	}
	return addr
}

func (l *limiter) makeRoom() {
	for key := range l.buckets {
		if len(l.buckets) < mostBuckets {
			return
		}
		delete(l.buckets, key)
	}
}

func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for key, b := range l.buckets {
		if now.Sub(b.used) > l.keep {
			delete(l.buckets, key)
		}
	}
}
