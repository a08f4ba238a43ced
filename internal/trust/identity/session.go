package identity

import (
	"context"
	"strings"
	"sync"
	"time"

	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/op"
)

// CacheLife is how long Authenticate may answer from memory, and so how long another node may take to see that a
// session ended.
const CacheLife = 5 * time.Second

// maxCards bounds the memory of the cache; some 1 kB each.
const maxCards = 50_000

// card is what Authenticate remembers of a session or token.
type card struct {
	actor     op.Actor
	id        string // of the session or token
	accountID string
	token     bool
	expires   time.Time // absolute; zero: never
	seen      time.Time // as stored
	loaded    time.Time
}

// cache holds cards by the kind and digest of their secret.
type cache struct {
	mu    sync.RWMutex
	round uint64 // counts invalidations, so that what was read before one is not kept after it
	cards map[string]*card
}

func newCache() *cache { return &cache{cards: map[string]*card{}} }

func (c *cache) get(digest string, now time.Time) (*card, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if k := c.cards[digest]; k != nil && now.Sub(k.loaded) < CacheLife && !now.Before(k.loaded) {
		return k, c.round
	}
	return nil, c.round
}

func (c *cache) put(digest string, k *card, round uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.round != round {
		return
	}
	if len(c.cards) >= maxCards {
		clear(c.cards)
	}
	c.cards[digest] = k
}

// forget drops the cards that match.
func (c *cache) forget(match func(*card) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round++
	for digest, k := range c.cards {
		if match(k) {
			delete(c.cards, digest)
		}
	}
}

func (s *Service) forgetAccount(id string) {
	s.cache.forget(func(k *card) bool { return k.accountID == id })
}

// forgetRoles drops all cards, since any may hold what a role gave.
func (s *Service) forgetRoles() {
	s.roles.forget()
	s.cache.forget(func(*card) bool { return true })
}

// Authenticate returns the actor of a session's secret. op.ErrSessionRequired: there is no such session, it is over, or
// its account is disabled.
func (s *Service) Authenticate(ctx context.Context, secret string) (op.Actor, error) {
	if len(secret) != 43 {
		return op.Actor{}, op.ErrSessionRequired
	}
	return s.authenticate(ctx, "session ", secret, s.loadSession)
}

// TokenPrefix starts every API token, so that people and scanners recognise one.
const TokenPrefix = "tbt_"

// AuthenticateToken returns the actor of an API token. op.ErrSessionRequired: there is no such token, it is over or
// revoked, or its account is disabled.
func (s *Service) AuthenticateToken(ctx context.Context, bearer string) (op.Actor, error) {
	secret, ok := strings.CutPrefix(bearer, TokenPrefix)
	if !ok || len(secret) != 43 {
		return op.Actor{}, op.ErrSessionRequired
	}
	return s.authenticate(ctx, "token ", secret, s.loadToken)
}

// authenticate looks in the cache, where the kind keeps sessions and tokens apart, and then in the database.
func (s *Service) authenticate(
	ctx context.Context, kind, secret string, load func(context.Context, string) (*card, error),
) (op.Actor, error) {
	digest, now := ids.Digest(secret), s.clock.Now()
	k, round := s.cache.get(kind+digest, now)
	if k == nil {
		var err error
		if k, err = load(ctx, digest); err != nil {
			return op.Actor{}, err
		}
		k.loaded = now
		s.cache.put(kind+digest, k, round)
	}
	if s.over(k, now) {
		return op.Actor{}, op.ErrSessionRequired
	}
	s.seen.note(k, now)
	return k.actor, nil
}

// over reports whether the card's session or token has ended by time.
func (s *Service) over(k *card, now time.Time) bool {
	if !k.expires.IsZero() && !now.Before(k.expires) {
		return true
	}
	if k.token {
		return false
	}
	last := k.seen
	if noted := s.seen.last(k.id); noted.After(last) {
		last = noted
	}
	return now.Sub(last) >= s.policy.Idle
}

func (s *Service) loadSession(ctx context.Context, digest string) (*card, error) {
	k, mustChange, roles, err := s.store.sessionCard(ctx, s.db.Reader(), digest)
	if err != nil {
		return nil, err
	}
	return s.complete(ctx, k, mustChange, roles)
}

func (s *Service) loadToken(ctx context.Context, digest string) (*card, error) {
	k, roles, err := s.store.tokenCard(ctx, s.db.Reader(), digest)
	if err != nil {
		return nil, err
	}
	return s.complete(ctx, k, false, roles)
}

// complete gives the card's actor the permissions of its roles; none while the password is known to others.
func (s *Service) complete(ctx context.Context, k *card, mustChange bool, roles []string) (*card, error) {
	k.actor.Permissions = map[op.Permission]bool{}
	if mustChange {
		return k, nil
	}
	rights, err := s.permissionsOf(ctx, roles)
	if err != nil {
		return nil, err
	}
	k.actor.Permissions = rights
	return k, nil
}
