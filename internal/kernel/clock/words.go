package clock

import "embed"

// Words are the package's own words.
//
//go:embed locales
var Words embed.FS
