// Package handlers is a folder that modules do not have.
package handlers
