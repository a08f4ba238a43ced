// Package lounge is no room of the house.
package lounge
