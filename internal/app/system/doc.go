// Package system is the program's own room: what a system administrator sees of the program and does to it.
//
// It owns no tables. Its operations work on what kernel packages keep: background work (jobs), events that could
// not be delivered (events), and the working calendar (clock). Its pages are the console's overview and the pages
// under /console/system. See docs/adr/0003-system-room.md.
//
// A system administrator configures and repairs; business data is not shown here.
package system
