// Package module is the form in which a room of the house presents itself to internal/app: its words,
// operations, facts, reactions and scheduled work. Pages and the JSON API come from the room's web package.
package module
