package audit

import "tongban/internal/kernel/op"

// PermRead opens the log. Only the auditor's role holds it.
const PermRead op.Permission = "audit.read"
