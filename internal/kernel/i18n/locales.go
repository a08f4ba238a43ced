package i18n

import "embed"

// Words are the kernel's own words: units of time and the errors the kernel itself makes.
//
//go:embed locales
var Words embed.FS
