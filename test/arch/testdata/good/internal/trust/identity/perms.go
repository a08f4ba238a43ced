package identity

import (
	"embed"
	"regexp"

	"tongban/internal/kernel/op"
)

// PermRead lets people read accounts.
const PermRead op.Permission = "identity.account.read"

var readAccount = op.New("identity.account.read", op.Needs(PermRead), op.Reads())

//go:embed migrations
var migrations embed.FS

// Names of roles and their form.
var (
	Roles    = []string{"admin"}
	roleForm = regexp.MustCompile(`^[a-z]+$`)
)
