package identity

import "tongban/internal/kernel/op"

// The permissions of this module.
const (
	PermAccountRead       op.Permission = "identity.account.read"
	PermAccountWrite      op.Permission = "identity.account.write"
	PermPasswordReset     op.Permission = "identity.password.reset"
	PermSessionEnd        op.Permission = "identity.session.end"
	PermRoleRead          op.Permission = "identity.role.read"
	PermRoleWrite         op.Permission = "identity.role.write"
	PermRoleGrant         op.Permission = "identity.role.grant"
	PermTokenWrite        op.Permission = "identity.token.write"
	PermOrganisationWrite op.Permission = "identity.organisation.write"
)
