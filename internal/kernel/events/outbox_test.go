package events_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/i18n"
)

func TestPutIsDeliveredAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.started(in.sub("desk.react", "desk.opened"))
		must(t, s.write(func(ctx context.Context, q db.Querier) error {
			return o.Put(ctx, q, events.Origin{At: noon, ActorID: "u1", RequestID: "r1"},
				events.Fact{Type: "desk.opened", Subject: "t1", Data: map[string]int{"n": 7}},
				events.Fact{Type: "desk.other", Subject: "t1"})
		}))
		e := await(t, in.got) // the clock has not moved
		var data struct{ N int }
		must(t, e.Decode(&data))
		if data.N != 7 || e.ID == "" {
			t.Errorf("event %+v with data %+v", e, data)
		}
		want := events.Event{ID: e.ID, Type: "desk.opened", Subject: "t1", Seq: 1, Position: 1, Data: e.Data, At: noon,
			ActorID: "u1", RequestID: "r1"}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	})
}

func TestRollbackTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.started(in.sub("desk.react", "desk.opened"))
		no := errors.New("no")
		err := s.write(func(ctx context.Context, q db.Querier) error {
			if err := o.Put(ctx, q, events.Origin{At: noon}, events.Fact{Type: "desk.opened", Subject: "t1"}); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		s.put(o, "desk.opened t1")
		in.want("desk.opened t1 1") // the number of the one rolled back is used again
		in.wantNothing()
	})
}

func TestPutRefusesMistakes(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		o := s.node()
		for name, f := range map[string]events.Fact{
			"no type":        {Subject: "t1"},
			"type's form":    {Type: "Opened", Subject: "t1"},
			"no subject":     {Type: "desk.opened"},
			"not to be JSON": {Type: "desk.opened", Subject: "t1", Data: make(chan int)},
		} {
			err := s.write(func(ctx context.Context, q db.Querier) error {
				return o.Put(ctx, q, events.Origin{At: noon}, f)
			})
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		must(t, s.write(func(ctx context.Context, q db.Querier) error { return o.Put(ctx, q, events.Origin{At: noon}) }))
	})
}

func TestSubscribeRefusesMistakes(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.node(in.sub("desk.react", "desk.opened"))
		for name, sub := range map[string]events.Subscription{
			"name's form": in.sub("react", "desk.opened"),
			"no types":    in.sub("desk.more"),
			"type's form": in.sub("desk.more", "opened"),
			"twice":       in.sub("desk.react", "desk.opened"),
			"no handler":  {Name: "desk.more", Types: []string{"desk.opened"}},
		} {
			if err := o.Subscribe(sub); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		must(t, o.Start(t.Context()))
		if err := o.Subscribe(in.sub("desk.late", "desk.opened")); err == nil {
			t.Error("subscribed after Start")
		}
	})
}

func TestLifecycle(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		unstarted := s.node()
		unstarted.Stop(t.Context())
		unstarted.Stop(t.Context())
		if err := unstarted.Start(t.Context()); err == nil {
			t.Error("started after Stop")
		}
		o := s.started()
		if err := o.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
		o.Stop(t.Context())
		o.Stop(t.Context())
		if _, err := events.New(events.Deps{Clock: s.clock, Metrics: prometheus.NewRegistry(), HandleTimeout: lease, Lease: lease}); err == nil {
			t.Error("a lease shorter than three reactions was taken")
		}
	})
}

// A context that ends does not stop the outbox, Stop does.
func TestStartOutlivesItsContext(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		o := s.node(in.sub("desk.react", "desk.opened"))
		ctx, cancel := context.WithCancel(t.Context())
		must(t, o.Start(ctx))
		cancel()
		s.put(o, "desk.opened t1")
		in.want("desk.opened t1 1")
	})
}

func TestANewSubscriptionBeginsWithTheOldestEvent(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		old := s.node()
		s.put(old, "desk.opened t1", "desk.opened t2", "desk.closed t1")
		in := newInbox(t)
		s.started(in.sub("desk.react", "desk.opened", "desk.closed"))
		in.want("desk.opened t1 1", "desk.opened t2 1", "desk.closed t1 2")
	})
}

func TestAStoppedOneGoesOnWhereItWas(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		first := s.started(in.sub("desk.react", "desk.opened"))
		s.put(first, "desk.opened t1")
		in.want("desk.opened t1 1")
		first.Stop(t.Context())
		s.put(first, "desk.opened t1") // also a stopped outbox takes facts
		second := s.started(in.sub("desk.react", "desk.opened"))
		in.want("desk.opened t1 2")
		second.Stop(t.Context())
		in.wantNothing()
	})
}

// What another node wrote is found at the next poll, even when that node died before it could place it.
func TestOtherNodesFactsAreFound(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		in := newInbox(t)
		s.started(in.sub("desk.react", "desk.opened"))
		other := s.node()
		s.clock.BlockUntil(1)
		s.put(other, "desk.opened t1")
		s.clock.Advance(poll)
		in.want("desk.opened t1 1")
	})
}

// Node clocks differ: ids alone would put the second fact of a subject before the first.
func TestPlacingKeepsTheOrderOfASubject(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		must(t, s.write(func(ctx context.Context, q db.Querier) error {
			for _, row := range []struct {
				id, subject string
				seq         int
			}{{"05", "x", 1}, {"02", "x", 2}, {"07", "x", 3}, {"03", "y", 1}, {"06", "y", 2}, {"01", "z", 1}} {
				if _, err := q.ExecContext(ctx, `insert into events_event
					(id, type, subject, subject_seq, data, at, actor_id, request_id)
					values ($1, 'desk.opened', $2, $3, '{}', 0, '', '')`, row.id, row.subject, row.seq); err != nil {
					return err
				}
			}
			return nil
		}))
		in := newInbox(t)
		s.started(in.sub("desk.react", "desk.opened"))
		in.want("desk.opened z 1", "desk.opened y 1", "desk.opened x 1", "desk.opened x 2", "desk.opened y 2", "desk.opened x 3")
	})
}

// On PostgreSQL transactions commit in another order than they began in. None is skipped.
func TestALateCommitIsNotSkipped(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		if s.db.Engine() != db.Postgres {
			t.Skip("SQLite has one writer: transactions commit in the order they began in")
		}
		in := newInbox(t)
		o := s.started(in.sub("desk.react", "desk.opened"))
		put, commit, done := make(chan struct{}), make(chan struct{}), make(chan error)
		first := true
		go func() {
			done <- s.write(func(ctx context.Context, q db.Querier) error {
				err := o.Put(ctx, q, events.Origin{At: noon}, events.Fact{Type: "desk.opened", Subject: "slow"})
				if first {
					first = false
					close(put)
					<-commit
				}
				return err
			})
		}()
		await(t, put)
		s.put(o, "desk.opened quick")
		in.want("desk.opened quick 1")
		close(commit)
		must(t, await(t, done))
		in.want("desk.opened slow 1")
	})
}

func TestReactionsActAsThemselves(t *testing.T) {
	type key struct{}
	each(t, func(t *testing.T, s *site) {
		got := make(chan any, 1)
		d := events.Deps{Clock: s.clock, As: func(ctx context.Context, part string) context.Context {
			return context.WithValue(ctx, key{}, part)
		}}
		o := s.nodeWith(d, events.Subscription{Name: "desk.react", Types: []string{"desk.opened"},
			Handle: func(ctx context.Context, _ events.Event) error { got <- ctx.Value(key{}); return nil }})
		must(t, o.Start(t.Context()))
		s.put(o, "desk.opened t1")
		if part := await(t, got); part != "desk.react" {
			t.Errorf("acts as %v", part)
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	b, err := i18n.New(events.Words)
	must(t, err)
	l := b.Locale(i18n.En, nil)
	if !l.Has("error."+events.ErrNotParked.Code) || !l.Has("events.state."+string(events.Parked)) {
		t.Error("words are missing")
	}
}

func TestMetricsAreRegisteredOnce(t *testing.T) {
	t.Parallel()
	d := events.Deps{Clock: clock.System(), Metrics: prometheus.NewRegistry()}
	_, err := events.New(d)
	must(t, err)
	if _, err := events.New(d); err == nil || !strings.Contains(err.Error(), "metrics") {
		t.Errorf("error = %v", err)
	}
}
