// Package app joins the desk and forgets the calls.
package app

import _ "tongban/internal/care/desk"
