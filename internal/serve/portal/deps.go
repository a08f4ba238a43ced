package portal

import (
	"context"

	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

// Organisations knows who runs this program. identity does.
type Organisations interface {
	Organisation(ctx context.Context, in op.None) (identity.Organisation, error)
}
