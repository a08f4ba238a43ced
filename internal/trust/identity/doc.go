// Package identity knows who may do what: accounts, passwords, sessions, roles and API tokens.
//
// # What it owns
//
//	identity_organisation   the organisation itself; one row
//	identity_account        people and programs that may sign in
//	identity_account_word   the words by which the account list is searched
//	identity_password       the slow hash of an account's password
//	identity_session        a signed-in browser
//	identity_token          a bearer token of the API
//	identity_role           what a role may, where the organisation changed the built-in list of roles.go
//	identity_grant          which account has which role
//	identity_attempt        failed sign-ins, by keyed digest of who and where from
//	identity_setup          the one-time link that makes the first administrator
//
// # Facts
//
// It emits account_created, account_changed, account_disabled, account_enabled, role_granted, role_revoked,
// role_changed, password_changed, signed_in, session_ended, token_created, token_revoked and
// organisation_changed, each with the account as its subject where there is one. It reacts to none.
//
// # Invariants
//
//   - A secret (password, session, token, setup link) is stored only as a digest, and is in no log, fact or audit
//     entry.
//   - No account holds two of the three powers system administrator, business administrator and auditor, and the
//     first and the last stand alone (roles.go). No role holds rights of two powers.
//   - A program holds none of the three powers. The system administrator's role keeps what it takes to mend roles.
//   - An administrator's own roles are changed by another administrator; the last active one can be neither
//     disabled nor stripped.
//   - Before sign-in, an unknown name, a wrong password, an outdated first password and a disabled account get
//     the same answer after the same work: exactly one Argon2 computation.
//   - Repeated failures slow down the place they come from, never the account: who signs in from elsewhere, or
//     from a browser that has signed in before, is not held up.
//   - An account with a password somebody else knows (a first one, or one that was reset) may do nothing but
//     change it.
//
// # How fast a change is seen
//
// Authenticate and AuthenticateToken answer from memory for at most CacheLife. Whatever this process changes is
// forgotten at once; other nodes see an ended session, a disabled account or a revoked role after CacheLife at
// the latest. The idle limit counts from the last request this process saw; it is written in batches, once a minute
// per session at most, so another node knows of it about a minute late.
//
// # Known limits
//
// One system administrator can still come to another power alone, though never unseen: by resetting the password of
// its holder, or by making an account with the power and using its one-time password. Both end in the audit log with
// the administrator's name, and the holder finds the password changed. The rule of two persons comes with the issue
// "Trust".
//
// # Writes outside the operation pipeline
//
// Two, both without business data and both in bookkeeping.go: when sessions and tokens were last used, and the
// counting of failed sign-ins, which must survive the refusal of the sign-in itself.
package identity
