package web

import (
	"net/http"
	"net/netip"
	"time"

	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// What the tests of this package see of its inside.
var (
	ParseHop  = parseHop
	PlainText = plainText
	FileName  = fileName
	Accepts   = accepts
)

// MostBuckets is how many addresses a limiter remembers.
const MostBuckets = mostBuckets

// Limiter is the limiter of requests.
type Limiter struct{ *limiter }

// NewLimiter returns a limiter.
func NewLimiter(perSecond float64, burst int, c op.Clock) Limiter {
	return Limiter{newLimiter(perSecond, burst, c)}
}

// Take asks for one request.
func (l Limiter) Take(addr string) time.Duration { return l.take(addr) }

// Size is how many addresses are remembered.
func (l Limiter) Size() int { return len(l.buckets) }

// ClientAddr finds the client's address.
func ClientAddr(trusted []netip.Prefix, r *http.Request) string {
	return (&Site{Deps: Deps{TrustedProxies: trusted}}).clientAddr(r)
}

// ReadDisplay reads the display cookie of a request.
func (s *Site) ReadDisplay(r *http.Request) (ui.Display, string) {
	d := s.readDisplay(r)
	return d.Display, d.lang
}

// ReadFlash reads a status line and reports whether it counts.
func (s *Site) ReadFlash(cookie string) bool {
	_, ok := s.readFlash(cookie)
	return ok
}
