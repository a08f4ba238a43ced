// Package identitytest helps the tests of other modules.
package identitytest
