// Package web has the pages and the JSON API of the audit log: search, one entry with before and after, and the
// history of one thing. Looking at the log is itself in the log.
package web
