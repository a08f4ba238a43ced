package doctor

import (
	"context"
	"fmt"
	"time"

	"tongban/internal/kernel/config"
	"tongban/internal/kernel/db"
)

// Status is the outcome of a check.
type Status string

// The outcomes. A Warn works today and will not for ever; a Fail does not work, or is not safe.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Result is what one check found.
type Result struct {
	Check  string `json:"check"` // the group: storage
	Name   string `json:"name"`  // what was looked at: integrity
	Status Status `json:"status"`
	Found  string `json:"found"`
	Mend   string `json:"mend,omitempty"` // what to do; empty when it is OK
}

// Env is what the doctor looks at.
type Env struct {
	Config       config.Config
	ConfigErr    error                                 // why there is no Config; most checks are left out then
	ConfigFile   string                                // empty when there is none
	Now          time.Time                             // of this machine
	Database     string                                // the SQLite file; not used with PostgreSQL
	BackupFolder string                                // where daily backups lie
	Sets         []db.MigrationSet                     // what the program knows
	DB           *db.DB                                // when open already; it stays open
	Open         func(context.Context) (*db.DB, error) // when DB is nil
	Running      string                                // the address of the instance that runs on this data directory; empty when none does
	Quick        bool                                  // leave out what reads the whole database
}

// Run makes all checks, in the order in which mending makes sense.
func Run(ctx context.Context, e Env) []Result {
	r := &report{}
	r.configuration(e)
	if e.ConfigErr != nil {
		return r.results
	}
	r.disk(e)
	d, done := r.openStorage(ctx, e)
	if d != nil {
		defer done()
		r.storage(ctx, e, d)
	}
	r.clock(ctx, e, d)
	r.calendar(ctx, e, d)
	r.certificate(e)
	r.ports(ctx, e)
	r.backups(e)
	return r.results
}

// Worst returns the gravest status among the results.
func Worst(results []Result) Status {
	worst := OK
	for _, r := range results {
		if r.Status == Fail || r.Status == Warn && worst == OK {
			worst = r.Status
		}
	}
	return worst
}

// report gathers results of one group after the other.
type report struct {
	check   string
	results []Result
}

func (r *report) ok(name, found string, args ...any) {
	r.results = append(r.results, Result{r.check, name, OK, fmt.Sprintf(found, args...), ""})
}

func (r *report) warn(name, mend, found string, args ...any) {
	r.results = append(r.results, Result{r.check, name, Warn, fmt.Sprintf(found, args...), mend})
}

func (r *report) fail(name, mend, found string, args ...any) {
	r.results = append(r.results, Result{r.check, name, Fail, fmt.Sprintf(found, args...), mend})
}

func (r *report) configuration(e Env) {
	r.check = "configuration"
	from := "no file; environment, flags and defaults"
	if e.ConfigFile != "" {
		from = e.ConfigFile
	}
	if e.ConfigErr != nil {
		r.fail("settings", "correct what is named here; docs/configuration.md lists every key", "%v", e.ConfigErr)
		return
	}
	r.ok("settings", "%s", from)
	if e.Config.Environment == config.Demo {
		r.warn("environment", "use an installation without demo data for real work", "this is a demo: its passwords are published")
	}
}
