// Package events is the transactional outbox: facts that operations leave behind, and the reactions to them.
//
// An operation puts facts into the outbox in its own transaction (op.Tx.Emit). Once that is committed, every
// Subscription that wants their type gets them, on whichever node. Reactions change their own module only and are
// idempotent.
//
//	o, err := events.New(events.Deps{DB: d, Clock: c, Log: log, Metrics: reg, Node: "a", As: op.AsSystem})
//	err = o.Subscribe(desk.Subscriptions()...)
//	err = o.Start(ctx) // … and o.Stop(ctx)
//
// This package does not know op, which imports it: Deps.As, op.AsSystem, makes the actor a reaction acts as.
//
// # The life of a fact
//
// Put gives it the next number of its subject, under the lock of that subject's row, and stores it without a
// position. After the commit the node that did it, or any other at its next poll, gives positions to all committed
// facts that have none; the lock of the head row makes these transactions follow one another. So positions have no
// gaps, become visible in ascending order and keep the order within a subject. Whoever reads by position skips
// nothing, also on PostgreSQL, where transactions commit in another order than they began in.
//
// # What a subscription can rely on
//
//   - At least once: every fact that was committed, beginning with the oldest one kept when the subscription is new.
//     A crash repeats what was done since the last checkpoint: a second or 100 events.
//   - In order within a subject, on one node at a time.
//   - A failing event (an error, a panic, longer than HandleTimeout) is tried 5 times within a minute, then parked.
//     It holds back the later events of its subject for this subscription, and nothing else; these waiting events are
//     rows too, so that a restart keeps their order. Parked, Retry and Skip serve the console.
//
// # Limits
//
// A node that dies keeps its subscriptions until its lease is over (30 s); one that stops gives them back at once.
// Leases compare the clocks of nodes, which must agree to within a few seconds. A handler that ignores the end of its
// context can outlive its lease, and then two nodes run it at once. Each subscription is delivered by one goroutine:
// slow work belongs into a job. On its own node a fact is delivered at once, on others after Poll (250 ms). An idle
// node runs one small read per poll and writes nothing. The row of a subject is kept for ever.
//
// # Tables
//
// events_event (the facts), events_subject (the last number of each subject), events_head (the last position),
// events_cursor (how far each subscription is, and who has it), events_parked (failed events and those behind them).
//
// # Measured
//
// BenchmarkDelivery, from Put to the end of the reaction, 1 fact in each transaction, 16 writers, on 2 cores at a load of
// 6: SQLite (durable) 1,900 facts/s, PostgreSQL 15 (fsync off) 2,400 facts/s.
package events
