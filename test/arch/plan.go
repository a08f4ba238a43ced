package arch

// Plan is what the rules allow, beyond what holds for everybody.
type Plan struct {
	// Base names the modules that every other module may import.
	Base []string
	// Edges are the other imports between modules. The graph is acyclic, and nobody imports analytics.
	Edges []Edge
	// Reads are tables that a module reads though another owns them: the joins of analytics.
	Reads []Allowance
	// Engines are the packages, with what is in them, that may write SQL for one engine, about any table and
	// without a tag.
	Engines []Allowance
	// Panics are functions that may panic, as folder.Function. Functions whose name starts with Must need no
	// entry: they run when the program starts.
	Panics []Allowance
	// Writes are functions of modules that write without an operation, as folder.Function.
	Writes []Allowance
	// Oversize are functions (folder.Function), files and packages above a budget.
	Oversize []Allowance
	Limits   Limits
}

// Edge lets the module From import the module To.
type Edge struct{ From, To, Reason string }

// Allowance lets What do what the rule forbids.
type Allowance struct{ What, Reason string }

// Tongban returns the plan of this program.
func Tongban() *Plan {
	return &Plan{
		Base: []string{"identity", "audit"},
		Engines: []Allowance{
			{"internal/kernel/db", "hides the engines from everybody else"},
			{"internal/kernel/backup", "copies every table, whoever owns it, from one engine's catalogue to the other's"},
			{"internal/app/doctor", "asks an engine for its own time and settings"},
		},
		Limits: Limits{
			Function: 100, FunctionP95: 60, File: 500, Package: 5000,
			TestFunction: 200, TestFile: 1000,
			Template: 200,
		},
		Writes: []Allowance{
			{"internal/trust/identity.FlushSeen", "when sessions and tokens were used last is bookkeeping, in batches, without business data"},
			{"internal/trust/identity.claimAttempt", "an attempt to sign in is counted although the sign-in itself is refused and rolled back"},
			{"internal/trust/identity.countAddress", "the same, for the address the attempt came from"},
		},
		Panics: []Allowance{
			{"internal/kernel/op.New", "declarations run when the program starts"},
			{"internal/kernel/op.endWith", "raises again what a body raised, after the rollback and the audit entry"},
			{"internal/kernel/db.deliver", "raises in the caller what its function raised in the writer"},
			{"internal/kernel/jobs.Every", "schedules are declared when the program starts"},
			{"internal/kernel/jobs.MonthlyAt", "schedules are declared when the program starts"},
			{"internal/kernel/jobs.at", "schedules are declared when the program starts"},
			{"internal/kernel/clock.DefaultWeeks", "parses a constant of the package"},
			{"internal/kernel/clock.reached", "an impossible state: the sums of a year disagree with its days"},
			{"internal/kernel/clock.left", "an impossible state: the sums of a year disagree with its days"},
			{"internal/kernel/clock.BlockUntil", "belongs to the clock for tests, and ends the test"},
			{"internal/kernel/ui.newAsset", "reads the embedded files when the program starts"},
			{"internal/kernel/ui.Asset", "a template names a file that is not embedded: every page's test finds it"},
			{"internal/app/control.backup", "net/http's only way to break off an answer that has begun"},
			{"internal/kernel/web.abort", "net/http's only way to break off an answer that has begun"},
		},
	}
}

// engine reports whether the package may write SQL for one engine.
func (plan *Plan) engine(p Place, used map[string]bool) bool {
	for _, a := range plan.Engines {
		if p.under(a.What) {
			return allows(plan.Engines, a.What, used)
		}
	}
	return false
}

// allows looks what up and notes that the allowance is needed.
func allows(list []Allowance, what string, used map[string]bool) bool {
	for _, a := range list {
		if a.What == what {
			used[what] = true
			return true
		}
	}
	return false
}

// reportUnused says which allowances nothing needs.
func reportUnused(list []Allowance, used map[string]bool, say report) {
	for _, a := range list {
		if !used[a.What] {
			say("test/arch/plan.go", "the allowance for %s is no longer needed: remove it", a.What)
		}
		if a.Reason == "" {
			say("test/arch/plan.go", "the allowance for %s has no reason", a.What)
		}
	}
}
