// Package apptest runs the real application for tests: real modules on a temporary database, with a clock the test
// sets, and clients that use it as browsers do.
//
//	func TestSomething(t *testing.T) {
//		a := apptest.New(t)
//		admin := a.As(identity.RoleSystemAdmin)
//		page := admin.Get("/console/identity/accounts")
//		…
//	}
//
// Each runs a test on both engines. Nothing is faked but the clock.
package apptest
