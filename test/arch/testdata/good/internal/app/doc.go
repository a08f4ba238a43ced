// Package app joins the modules.
package app
