package identity

import "tongban/internal/kernel/errs"

// The failures of this module.
var (
	ErrAccountNotFound = errs.Define(errs.NotFound, "identity.account_not_found")
	ErrSessionNotFound = errs.Define(errs.NotFound, "identity.session_not_found")
	ErrTokenNotFound   = errs.Define(errs.NotFound, "identity.token_not_found")
	ErrRoleNotFound    = errs.Define(errs.NotFound, "identity.role_not_found")
	ErrLoginTaken      = errs.Define(errs.Conflict, "identity.login_taken")
	ErrChanged         = errs.Define(errs.Conflict, "identity.changed_meanwhile")
	ErrStateAlready    = errs.Define(errs.Conflict, "identity.state_already")
	ErrRoleHeld        = errs.Define(errs.Conflict, "identity.role_held")
	ErrRoleNotHeld     = errs.Define(errs.Conflict, "identity.role_not_held")

	// ErrThreePowers: system administrator, business administrator and auditor are three different people.
	ErrThreePowers = errs.Define(errs.Conflict, "identity.three_powers")
	// ErrStandsAlone: who administers or audits the system does no business in it.
	ErrStandsAlone = errs.Define(errs.Conflict, "identity.stands_alone")
	// ErrPowerForProgram: system administrator, business administrator and auditor are people, not programs.
	ErrPowerForProgram = errs.Define(errs.Conflict, "identity.power_for_program")
	// ErrNeededForRepair: the system administrator's role was to lose a right without which nobody could mend it.
	ErrNeededForRepair = errs.Define(errs.Conflict, "identity.needed_for_repair")
	// ErrForeignPower: a role was to get a right that belongs to another of the three powers.
	ErrForeignPower = errs.Define(errs.Conflict, "identity.foreign_power")
	// ErrOwnAccount: somebody tried to disable themselves or to change their own roles.
	ErrOwnAccount = errs.Define(errs.Conflict, "identity.own_account")
	// ErrLastAdministrator: nobody would be left to administer the system.
	ErrLastAdministrator = errs.Define(errs.Conflict, "identity.last_administrator")

	// ErrSignInRefused is the one answer to every sign-in that fails.
	ErrSignInRefused = errs.DefineStatus(errs.Denied, "identity.sign_in_refused", 401)
	// ErrSlowDown: too many failures from this place; Params "seconds" tells how long to wait.
	ErrSlowDown = errs.DefineStatus(errs.Unavailable, "identity.slow_down", 429)
	// ErrWrongPassword: the present password given for a change is wrong.
	ErrWrongPassword = errs.Define(errs.Invalid, "identity.wrong_password")
	// ErrNoPassword: a program has no password; it uses tokens.
	ErrNoPassword = errs.Define(errs.Conflict, "identity.no_password")
	// ErrTokenNotForPeople: the console makes tokens for programs only, so that nobody can act as somebody else.
	ErrTokenNotForPeople = errs.Define(errs.Conflict, "identity.token_not_for_people")
	// ErrSetupOver: the link is used, outdated or unknown, or there is an administrator already.
	ErrSetupOver = errs.Define(errs.Conflict, "identity.setup_over")
)
