// Package web holds the pages of identity.
package web
