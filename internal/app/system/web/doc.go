// Package web has the console's front page, the pages under /console/system, and the gallery of widgets.
package web
