package identity

import (
	"context"
	"encoding/json"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/op"
)

func (s *Service) jobs() []jobs.Definition {
	return []jobs.Definition{{Kind: "identity.purge", Run: s.purge, Every: jobs.Every(time.Hour)}}
}

// purge deletes what is long over, batch by batch, and leaves no trace in the log when there is nothing.
func (s *Service) purge(ctx context.Context, _ json.RawMessage) error {
	ctx = op.AsSystem(ctx, "identity.purge")
	for {
		now := s.clock.Now()
		old, err := s.store.anythingOld(ctx, s.db.Reader(), db.At(now.Add(-keepSessions)), db.At(now.Add(-2*forgetAfter)))
		if err != nil || !old {
			return err
		}
		if _, err := s.PurgeSessions(ctx, op.None{}); err != nil {
			return err
		}
	}
}
