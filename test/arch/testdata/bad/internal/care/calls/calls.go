// Package calls imports what no edge allows.
package calls

import (
	_ "tongban/internal/bank/ledger"
	_ "tongban/internal/care/desk/web"
)
