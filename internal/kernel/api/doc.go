// Package api is the plumbing of the JSON API under /api/v1: OpenAPI 3.1 from Go types, and errors after
// RFC 9457 with the program's stable codes.
//
// A room's web package registers its operations with Register; a handler calls the same service method as the
// page does and returns its error as it is:
//
//	api.Register(a, api.Route{ID: "disable-account", Method: "POST", Path: "/identity/accounts/{id}/disable", Tag: "identity"},
//		func(ctx context.Context, in *struct{ ID string `path:"id"` }) (*api.Body[Account], error) { … })
//
// Callers authenticate with "Authorization: Bearer" and a token of `tongban token`; sessions of browsers do not
// count here. A write with the header Idempotency-Key is done once, however often it is sent. Lists take limit
// and cursor and answer with next, which is empty at the end.
package api
