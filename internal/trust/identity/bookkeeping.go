package identity

import (
	"context"
	"sync"
	"time"

	"tongban/internal/kernel/db"
)

// Bookkeeping is written outside the operation pipeline: it holds no business data, and one audit entry for each
// request of each session would bury the log. Failed sign-ins are counted in throttle.go.

const (
	seenEvery  = time.Minute      // how often the last use of a busy session is written, and when that of a quiet one
	flushEvery = 10 * time.Second // how often it is looked for what to write
)

// use is when a session or token was used last.
type use struct {
	at     time.Time
	stored time.Time // the use the database knows of
	token  bool
}

// due reports whether the use should be written: the stored one is old, or the session has gone quiet.
func (u use) due(now time.Time) bool {
	return u.at.Sub(u.stored) >= seenEvery || now.Sub(u.at) >= seenEvery
}

// seenBatch collects uses until they are written together.
type seenBatch struct {
	flushing sync.Mutex // one flush at a time

	mu      sync.Mutex
	pending map[string]use
	ending  bool           // the process stops; nothing may wait any longer
	writing map[string]use // taken, but not yet certain to be stored
}

func newSeenBatch() *seenBatch { return &seenBatch{pending: map[string]use{}} }

// note remembers that the card was used.
func (b *seenBatch) note(k *card, now time.Time) {
	if !now.After(k.seen) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if u, ok := b.pending[k.id]; !ok || u.at.Before(now) {
		b.pending[k.id] = use{at: now, stored: k.seen, token: k.token}
	}
}

// last returns the use of a session that waits to be written.
func (b *seenBatch) last(id string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if u, ok := b.pending[id]; ok {
		return u.at
	}
	return b.writing[id].at
}

// take gives the uses to write now: those that are due, at the end all.
func (b *seenBatch) take(now time.Time) map[string]use {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writing = map[string]use{}
	for id, u := range b.pending {
		if b.ending || u.due(now) {
			b.writing[id] = u
			delete(b.pending, id)
		}
	}
	return b.writing
}

func (b *seenBatch) end(ending bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ending = ending
}

// written forgets what take gave.
func (b *seenBatch) written() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writing = nil
}

// putBack keeps uses that could not be written.
func (b *seenBatch) putBack(uses map[string]use) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, u := range uses {
		if b.pending[id].at.Before(u.at) {
			b.pending[id] = u
		}
	}
}

// FlushSeen writes down when sessions and tokens were used last, where that is due.
func (s *Service) FlushSeen(ctx context.Context) error {
	s.seen.flushing.Lock()
	defer s.seen.flushing.Unlock()
	uses := s.seen.take(s.clock.Now())
	if len(uses) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(ctx context.Context, q db.Querier) error {
		for id, u := range uses {
			touch := s.store.touchSession
			if u.token {
				touch = s.store.touchToken
			}
			if err := touch(ctx, q, id, db.At(u.at)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.seen.putBack(uses)
		s.seen.written()
		return err
	}
	s.cache.forget(func(k *card) bool { return !uses[k.id].at.IsZero() }) // their cards know the old time
	s.seen.written()
	return nil
}

// flusher runs FlushSeen now and then.
type flusher struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

func (f *flusher) start(ctx context.Context, s *Service) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		return nil
	}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.done = make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		timer := s.clock.NewTimer(flushEvery)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C():
				if err := s.FlushSeen(ctx); err != nil && ctx.Err() == nil {
					s.log.ErrorContext(ctx, "uses of sessions could not be written", "error", err)
				}
				timer.Reset(flushEvery)
			}
		}
	}(f.done)
	return nil
}

func (f *flusher) stop(ctx context.Context, s *Service) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel == nil {
		return
	}
	f.cancel()
	select {
	case <-f.done:
	case <-ctx.Done():
	}
	f.cancel = nil
	s.seen.end(true)
	defer s.seen.end(false) // it may start again
	if err := s.FlushSeen(ctx); err != nil {
		s.log.ErrorContext(ctx, "uses of sessions could not be written", "error", err)
	}
}
