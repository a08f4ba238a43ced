// Package ids makes the identifiers of things: opaque ids that sort by time of making, and secrets.
//
// Ids are text made in Go (never by the database), so that one SQL text serves both engines and a
// thing has its id before it is stored. What people read and say is a number such as
// WO-20261121-0007, which the owning module makes.
package ids
