package identity

// Facts that identity emits.
const (
	FactCreated = "identity.account_created"
	FactChanged = "identity.account_changed"
	FactMoved   = "identity.account_moved"
)

// ThingAccount is an account in the log.
const ThingAccount = "identity.account"

var changes = []string{FactChanged}

func factTypes() []string { return append(changes, FactCreated) }
