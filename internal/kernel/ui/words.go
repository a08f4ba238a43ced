package ui

import "embed"

// Words are the kit's own words, the keys "ui.*". The same function has the same word everywhere
// (MP-5.4-b, MP-5.4-c): pages use these keys for submit, search, back and the like instead of their own.
//
//go:embed locales
var Words embed.FS
