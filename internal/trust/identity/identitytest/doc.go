// Package identitytest builds an identity service on an empty database, and accounts in it, for the tests of this
// and of other modules.
package identitytest
