// Package clock is the only source of time: the present moment, timers, and the working calendar.
//
// Code that needs the time takes a Clock. System is the real one; a Fake stands still until a test moves it,
// and tells the test when a background loop has gone to sleep, so that no test sleeps itself:
//
//	fake := clock.NewFake(start)
//	go loop(ctx, fake)
//	fake.BlockUntil(1)          // the loop waits for its timer
//	fake.Advance(time.Minute)   // and is woken
//
// A Calendar is an immutable snapshot of one set of working hours together with the statutory holidays and
// make-up workdays of mainland China. The days come from the notices of the State Council shipped in data/,
// overlaid by the rows of table clock_day, which administrators edit; a row wins over the shipped day of the
// same date. Calendars holds the snapshots and replaces them on Reload. Store writes the rows inside the
// caller's transaction, so that the audited operation that changes the calendar owns it.
//
// All arithmetic is on instants. A working interval runs from its opening, which belongs to it, to its closing,
// which does not; an interval that a change of the zone's offset makes longer or shorter counts with its true
// length. A clock that runs out exactly at closing time ends at that closing, not at the next opening.
//
// MissingYear is the alarm for a calendar nobody has completed: the notice for a year usually appears in early
// November of the year before, so a next year without data is reported from 15 November, and a present year
// without data at any time.
//
// Table: clock_day. Importing this package embeds the time zone database, so that a bare machine has it.
package clock
