package system

import (
	"context"
	"encoding/json"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/jobs"
)

// eventsKept is how long delivered events stay, for the log of what moved and for pages that reconnect.
const eventsKept = 7 * 24 * time.Hour

// periodic is the upkeep of what the kernel stores.
func (s *Service) periodic() []jobs.Definition {
	return []jobs.Definition{
		{Kind: "system.purge_keys", Every: jobs.Every(time.Hour), Run: func(ctx context.Context, _ json.RawMessage) error {
			return s.ops.Purge(ctx)
		}},
		{Kind: "system.purge_events", Every: jobs.Every(time.Hour), Run: func(ctx context.Context, _ json.RawMessage) error {
			return s.purgeEvents(ctx)
		}},
		{Kind: JobBackup, Every: s.backups.Every, Run: s.backUp, MaxAttempts: 3, Timeout: 2 * time.Hour},
	}
}

func (s *Service) purgeEvents(ctx context.Context) error {
	before := s.clock.Now().Add(-eventsKept)
	for n := int64(events.PurgeBatch); n == events.PurgeBatch; {
		err := s.db.Write(ctx, func(ctx context.Context, q db.Querier) (err error) {
			n, err = s.outbox.Purge(ctx, q, before)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
