package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"tongban/internal/kernel/db"
)

// limit is how failures of one kind slow down what comes next.
type limit struct {
	free  int           // failures without consequence
	first time.Duration // the wait after one more; doubled with every further one
	most  time.Duration
}

var (
	// forLogin counts one account name from one address, or from one browser that has signed in to it before.
	forLogin = limit{free: 5, first: 15 * time.Second, most: 15 * time.Minute}
	// forAddress counts failures of one address whatever the name. Many people share the address of a hall.
	forAddress = limit{free: 50, first: 5 * time.Second, most: 5 * time.Minute}
)

// forgetAfter is how long failures count.
const forgetAfter = 24 * time.Hour

// wait is how long the place must wait after its nth failure in a row.
func (l limit) wait(failures int) time.Duration {
	over := failures - l.free
	if over <= 0 {
		return 0
	}
	if over > 20 {
		return l.most
	}
	return min(l.first<<(over-1), l.most)
}

// attemptKeys are where the failures of one sign-in are counted.
type attemptKeys struct{ login, address string }

// keysFor returns the places of a sign-in. browser is the id of a browser known to the account, or empty.
func (s *Service) keysFor(loginKey, addr, browser string) attemptKeys {
	k := attemptKeys{address: s.attemptKey("address", network(addr))}
	if browser != "" {
		k.login = s.attemptKey("browser", browser)
	} else {
		k.login = s.attemptKey("login", loginKey, network(addr))
	}
	return k
}

// attemptKey is a keyed digest, so that the table tells nobody who tried to sign in or from where.
func (s *Service) attemptKey(parts ...string) string {
	m := hmac.New(sha256.New, s.attemptsKey)
	m.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// network is the part of an address that one party holds: all of IPv4, the first half of IPv6.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
}

// slowDown is ErrSlowDown for the wait that is left.
func slowDown(left time.Duration) error {
	return ErrSlowDown.With("seconds", int((left+time.Second-1)/time.Second))
}

// attempt is a row of identity_attempt.
type attempt struct {
	failures int
	last     db.Time
	blocked  db.Time
}

// next is the row after one more failure at now.
func (a attempt) next(l limit, now time.Time) attempt {
	if now.Sub(a.last.Time) > forgetAfter {
		a.failures = 0
	}
	a.failures++
	a.last = db.At(now)
	a.blocked = db.At(now.Add(l.wait(a.failures)))
	return a
}

// claimAttempt counts a sign-in as failed before it is tried, so that many at once are no way around the limit;
// success takes it back. It returns ErrSlowDown when the place has to wait.
func (s *Service) claimAttempt(ctx context.Context, k attemptKeys) error {
	now := s.clock.Now()
	var left time.Duration
	err := s.db.Write(ctx, func(ctx context.Context, q db.Querier) error {
		left = 0
		address, err := s.store.attempt(ctx, q, k.address)
		if err != nil {
			return err
		}
		login, err := s.store.attempt(ctx, q, k.login)
		if err != nil {
			return err
		}
		if left = max(address.blocked.Sub(now), login.blocked.Sub(now)); left > 0 {
			return nil
		}
		return s.store.putAttempt(ctx, q, k.login, login.next(forLogin, now))
	})
	if err == nil && left > 0 {
		err = slowDown(left)
	}
	return err
}

// countAddress counts a failure of an address. It happens after the attempt, because a whole hall may sign in at
// the same moment.
func (s *Service) countAddress(ctx context.Context, k attemptKeys) error {
	now := s.clock.Now()
	return s.db.Write(ctx, func(ctx context.Context, q db.Querier) error {
		address, err := s.store.attempt(ctx, q, k.address)
		if err != nil {
			return err
		}
		return s.store.putAttempt(ctx, q, k.address, address.next(forAddress, now))
	})
}
