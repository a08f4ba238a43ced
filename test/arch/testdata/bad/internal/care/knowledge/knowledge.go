// Package knowledge is part of a circle.
package knowledge

import _ "tongban/internal/care/desk"
