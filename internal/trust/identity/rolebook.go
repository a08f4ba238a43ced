package identity

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"tongban/internal/kernel/op"
)

// Role is what its holders may do.
type Role struct {
	ID          string          `json:"id"`
	Permissions []op.Permission `json:"permissions"` // sorted
	Changed     bool            `json:"changed"`     // the organisation replaced the built-in list
	Version     int64           `json:"version"`     // counts changes; 0: never changed
	Holders     int64           `json:"holders"`     // accounts that have it
}

// storedRole is a row of identity_role.
type storedRole struct {
	permissions []op.Permission
	version     int64
}

// roleBook remembers for CacheLife what the roles may.
type roleBook struct {
	mu     sync.Mutex
	round  uint64
	loaded time.Time
	rights map[string]map[op.Permission]bool // by sorted, joined role ids; shared, never changed
	stored map[string]storedRole
}

func (b *roleBook) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.round++
	b.stored, b.rights = nil, nil
}

// permissionsOf returns what the roles allow together. The map is shared and must not be changed.
func (s *Service) permissionsOf(ctx context.Context, roles []string) (map[op.Permission]bool, error) {
	slices.Sort(roles)
	key := strings.Join(roles, " ")
	b, now := s.roles, s.clock.Now()
	b.mu.Lock()
	if age := now.Sub(b.loaded); age >= CacheLife || age < 0 {
		b.stored, b.rights = nil, nil
	}
	rights, ok := b.rights[key]
	stored, round := b.stored, b.round
	b.mu.Unlock()
	if ok {
		return rights, nil
	}
	if stored == nil {
		var err error
		if stored, err = s.store.roles(ctx, s.db.Reader()); err != nil {
			return nil, err
		}
	}
	rights = map[op.Permission]bool{}
	for _, id := range roles {
		for _, p := range s.effective(id, stored) {
			rights[p] = true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.round == round {
		if b.stored == nil {
			b.stored, b.rights, b.loaded = stored, map[string]map[op.Permission]bool{}, now
		}
		b.rights[key] = rights
	}
	return rights, nil
}

// effective returns the sorted permissions of one role: those stored, or the built-in ones. A stored permission
// the program no longer has, or that the role may not hold, counts for nothing.
func (s *Service) effective(id string, stored map[string]storedRole) []op.Permission {
	i := slices.IndexFunc(builtIns, func(b builtIn) bool { return b.id == id })
	if i < 0 {
		return nil
	}
	list, changed := stored[id]
	var all []op.Permission
	for p, reads := range *s.known.Load() {
		has := builtIns[i].allows(p, reads)
		if changed {
			has = slices.Contains(list.permissions, p)
		}
		if has && mayHold(id, p, reads) {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}
