// Package live keeps to the rules.
package live
