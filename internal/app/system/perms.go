package system

import "tongban/internal/kernel/op"

// The permissions of this room.
const (
	PermConsole  op.Permission = "system.console.open"    // work in the console at all: every member of staff
	PermStatus   op.Permission = "system.status.read"     // see how the program is doing
	PermJobs     op.Permission = "system.jobs.manage"     // retry and cancel background work
	PermEvents   op.Permission = "system.events.manage"   // retry and skip events that could not be delivered
	PermCalendar op.Permission = "system.calendar.manage" // edit holidays and make-up workdays
)
