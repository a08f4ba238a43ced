// Package ui names an icon of its own that nobody knows.
package ui

var own = Icon("no-own")
