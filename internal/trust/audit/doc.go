// Package audit keeps the record of who did what: every attempt at an operation, with what it changed.
//
// # What it owns
//
// Tables audit_entry (one attempt: when, what, how it ended, who, from where, why), audit_change (what happened
// to one thing in it, before and after as JSON) and audit_word (the words by which free text finds an entry).
//
// # How entries come to be
//
// The operation pipeline (kernel/op) hands every attempt to Recorder.Record in the transaction of the change
// itself; refused and failed attempts and reads of personal data arrive there too. No module writes entries by
// itself, and nothing changes or deletes one: the package holds no update and no delete statement, which a test
// checks.
//
// # Invariants
//
//   - Entries are append-only.
//   - What is longer than its limit is cut so that a reader sees it: texts end in "…", a value is replaced by a
//     Cut object that tells its whole size.
//   - Reading the log is itself in the log: search, view and history are audited reads.
//   - Every list is newest first and paged by key, and driven by an index whatever is filtered for.
//
// # Free text
//
// audit_word holds the words of the actor's name, the labels of the things and the reason: Latin words whole,
// Chinese in pairs of characters. The tables know no language, so the same works on both engines.
//
// It emits no facts and reacts to none.
package audit
