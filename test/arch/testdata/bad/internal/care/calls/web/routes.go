// Package web is joined by nobody.
package web
