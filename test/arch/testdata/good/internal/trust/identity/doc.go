// Package identity is a module as it should be.
package identity
