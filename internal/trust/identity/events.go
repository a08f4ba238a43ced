package identity

import "tongban/internal/kernel/events"

// The facts of this module. The subject is the account, except where noted.
const (
	FactAccountCreated      = "identity.account_created"
	FactAccountChanged      = "identity.account_changed"
	FactAccountDisabled     = "identity.account_disabled"
	FactAccountEnabled      = "identity.account_enabled"
	FactRoleGranted         = "identity.role_granted"
	FactRoleRevoked         = "identity.role_revoked"
	FactRoleChanged         = "identity.role_changed" // subject: the role
	FactPasswordChanged     = "identity.password_changed"
	FactSignedIn            = "identity.signed_in"
	FactSessionEnded        = "identity.session_ended"
	FactTokenCreated        = "identity.token_created"
	FactTokenRevoked        = "identity.token_revoked"
	FactOrganisationChanged = "identity.organisation_changed" // subject: the organisation
)

func factTypes() []string {
	return []string{
		FactAccountCreated, FactAccountChanged, FactAccountDisabled, FactAccountEnabled, FactRoleGranted, FactRoleRevoked,
		FactRoleChanged, FactPasswordChanged, FactSignedIn, FactSessionEnded, FactTokenCreated, FactTokenRevoked,
		FactOrganisationChanged,
	}
}

// AccountFact is the data of the facts about an account.
type AccountFact struct {
	Login   string `json:"login"`
	Name    string `json:"name"`
	Role    string `json:"role,omitempty"`    // of role_granted and role_revoked
	Session string `json:"session,omitempty"` // of signed_in and session_ended; empty when all of the account ended
	How     string `json:"how,omitempty"`     // of session_ended
	Token   string `json:"token,omitempty"`   // the id of a token, of token_created and token_revoked
}

func factOf(kind string, a Account) events.Fact {
	return events.Fact{Type: kind, Subject: a.ID, Data: AccountFact{Login: a.Login, Name: a.Name}}
}
