package app

import "tongban/internal/trust/identity/web"

// New joins the modules.
func New() string { return web.Routes() }
