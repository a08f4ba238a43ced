// Package jobs is durable background work: done later, tried again, on whichever node.
//
//	e, err := jobs.New(jobs.Deps{DB: d, Clock: c, Log: log, Metrics: reg, Node: "a", As: op.AsSystem})
//	err = e.Define(notify.Jobs()...)
//	err = e.Start(ctx) // … and e.Stop(ctx)
//
// A job is enqueued in the transaction of whatever wants it done, so it exists if and only if that was committed:
//
//	id, err := e.Enqueue(ctx, q, jobs.Job{Kind: "notify.mail", Args: mail, Unique: mail.ID})
//
// # What a job can rely on
//
//   - It is begun until it succeeds, at least once: a crash between the end of the work and its storing repeats it.
//     Write it so that a repetition does no harm.
//   - Never twice at once while the lease is alive. A node prolongs the leases of its jobs every third of Lease, and
//     cancels the context of a job whose lease it could not prolong before another node may take it. A job that does
//     not listen to its context can outlive its lease.
//   - A failure (an error, a panic, longer than Timeout) is tried again after 10 s, 20 s, 40 s … up to an hour, give or
//     take a fifth. After MaxAttempts, or at once with GiveUp, the job is failed and stays to be seen and retried. A job
//     whose node died has used an attempt, so that a job that kills nodes stops doing so.
//   - Stop lets it finish; when time is up it is cancelled and given back, and the attempt does not count.
//   - With a Unique key it is the only unfinished one of its kind with that key, also while it runs: what has to see
//     changes made during its run needs another key.
//
// # Periodic work
//
// A Definition with a Schedule has its next due time stored. Whichever node sees it first moves it and enqueues the
// job in one transaction, so each due time gives one job. Due times that passed while nothing ran give one run at
// start. While a run is not finished, the next is not enqueued on top of it.
//
// # Limits
//
// The context of a job carries no request; Deps.As, op.AsSystem, makes the actor it acts as. Leases compare the
// clocks of nodes, which must agree to within a few seconds. Work enqueued by another node, or due at a time, is found
// at the next Poll (500 ms). An idle node runs one small read per poll and writes nothing. Done and cancelled jobs are
// deleted after Keep (14 days), failed ones after KeepFailed (90 days), by the package's own job jobs.purge.
// Errors are stored shortened and without what may be somebody's data; args and results are stored as they are.
//
// # How
//
// One loop per node talks to the database about running jobs. Whatever happens while one of its transactions is on
// its way goes into the next, together: ends, heartbeats, periodic work, take-overs and claims.
//
// # Tables
//
// jobs_job, jobs_schedule.
//
// # Measured
//
// BenchmarkThroughput, empty jobs claimed, run and completed by one node, on 2 cores at a load of 6, in jobs/s:
// SQLite (durable) 2,400 with 8 workers and 5,800 with 64; PostgreSQL 15 (fsync off) 800 and 4,400.
package jobs
