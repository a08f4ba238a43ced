package identity

import (
	"slices"
	"strings"

	"tongban/internal/kernel/op"
)

// The built-in roles, one for each kind of person the product serves. A role's name in the user's language is the
// translation "identity.role." + its id.
const (
	RoleCitizen        = "citizen"
	RoleCompanyOfficer = "company_officer"
	RoleBankCustomer   = "bank_customer"
	RoleProvider       = "provider"
	RoleAgent          = "agent"
	RoleEngineer       = "engineer"
	RoleDutyOperator   = "duty_operator"
	RoleBusinessAdmin  = "business_admin"
	RoleManager        = "manager"
	RoleSystemAdmin    = "system_admin"
	RoleAuditor        = "auditor"
	RoleTeller         = "teller"
	RoleRiskOfficer    = "risk_officer"
)

// builtIn is what a role may as long as the organisation has not changed it. Patterns are matched against the
// permissions the program has, so that a new module's permissions reach the roles they are meant for.
type builtIn struct {
	id        string
	patterns  []string // see matches; one that starts with "!" takes away, and the last that matches counts
	readsOnly bool     // only permissions all of whose operations read
}

// business is everything but what belongs to the other powers.
var business = []string{"*", "!identity.*", "!system.*", "!audit.*", openConsole}

// openConsole lets staff into the console at all; the public has no business there.
const openConsole = "system.console.open"

// builtIns are in the order in which people meet them: the public, the front line, the back office, the powers.
var builtIns = []builtIn{
	{id: RoleCitizen, patterns: []string{"portal.*"}},
	{id: RoleCompanyOfficer, patterns: []string{"portal.*", "corporate.own.*"}},
	{id: RoleBankCustomer, patterns: []string{"portal.*", "retail.own.*"}},
	{id: RoleProvider, patterns: []string{openConsole, "catalog.own.*", "gateway.own.*"}},
	{id: RoleAgent, patterns: []string{openConsole, "desk.*", "calls.*", "assist.*", "knowledge.*"}},
	{id: RoleEngineer, patterns: []string{openConsole, "fieldwork.*", "fleet.*.read", "knowledge.*.read"}},
	{id: RoleDutyOperator, patterns: []string{openConsole, "monitor.*", "incident.*", "fleet.*", "fieldwork.*", "change.*.read", "knowledge.*.read"}},
	{id: RoleTeller, patterns: []string{openConsole, "backoffice.*", "retail.*.read", "corporate.*.read"}},
	{id: RoleRiskOfficer, patterns: []string{openConsole, "risk.*", "backoffice.*.read", "retail.*.read", "corporate.*.read"}},
	{id: RoleManager, patterns: business, readsOnly: true},
	{id: RoleBusinessAdmin, patterns: business},
	{id: RoleSystemAdmin, patterns: []string{"identity.*", "system.*"}},
	{id: RoleAuditor, patterns: []string{"*"}, readsOnly: true},
}

// RoleIDs returns the ids of all roles in the order of the screens.
func RoleIDs() []string {
	all := make([]string, len(builtIns))
	for i, b := range builtIns {
		all[i] = b.id
	}
	return all
}

func knownRole(id string) bool { return slices.Contains(RoleIDs(), id) }

// matches reports whether a permission fits a pattern. "*" stands for one part between dots, and at the end for
// one or more.
func matches(pattern string, p op.Permission) bool {
	want, have := strings.Split(pattern, "."), strings.Split(string(p), ".")
	for i, w := range want {
		if i >= len(have) {
			return false
		}
		if w == "*" && i == len(want)-1 {
			return true
		}
		if w != "*" && w != have[i] {
			return false
		}
	}
	return len(want) == len(have)
}

// allows reports whether the role's own list has the permission.
func (b builtIn) allows(p op.Permission, reads bool) bool {
	if b.readsOnly && !reads {
		return false
	}
	ok := false
	for _, pattern := range b.patterns {
		if wanted, minus := strings.CutPrefix(pattern, "!"); matches(wanted, p) {
			ok = !minus
		}
	}
	return ok
}

// powers are the three that must be three different people (MP-5.3-e-4, BA-10.4-c, BA-10.6-c).
var powers = []string{RoleSystemAdmin, RoleBusinessAdmin, RoleAuditor}

// alone are the roles beside which no other may stand: who administers or audits the system does no business in
// it (MB-design.tech-27).
var alone = []string{RoleSystemAdmin, RoleAuditor}

// checkRoles returns why an account of this kind may not hold these roles together. A program holds no power: its
// maker would hold it through the program's token.
func checkRoles(kind Kind, roles []string) error {
	held := 0
	for _, r := range roles {
		if slices.Contains(powers, r) {
			held++
		}
	}
	if held > 0 && kind != Person {
		return ErrPowerForProgram
	}
	if held > 1 {
		return ErrThreePowers
	}
	for _, r := range roles {
		if slices.Contains(alone, r) && len(roles) > 1 {
			return ErrStandsAlone
		}
	}
	return nil
}

// mayHold reports whether a role may have a permission at all, whatever its list says: administration of the
// system belongs to the system administrator, the log to the auditor, and an auditor only reads.
func mayHold(role string, p op.Permission, reads bool) bool {
	module, _, _ := strings.Cut(string(p), ".")
	switch role {
	case RoleSystemAdmin:
		return module == "identity" || module == "system"
	case RoleAuditor:
		return reads
	}
	if module == "audit" {
		return false
	}
	return reads || module != "identity" && module != "system"
}
