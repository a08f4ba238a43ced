package doctor

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
)

const (
	// The program was written in 2026; a clock before it has lost its battery.
	firstYear, lastYear = 2026, 2099
	// Files may be a little in the future where they lie on another machine.
	fileTolerance = 2 * time.Minute
	// Beyond these offsets from the database server deadlines look wrong, and then are wrong.
	offsetWarn, offsetFail = 2 * time.Second, time.Minute
)

const setClock = "set the machine's clock and keep it right with NTP (systemd-timesyncd, chrony)"

func (r *report) clock(ctx context.Context, e Env, d *db.DB) {
	r.check = "clock"
	if y := e.Now.UTC().Year(); y < firstYear || y > lastYear {
		r.fail("time", setClock, "the machine's clock says %s", e.Now.UTC().Format(time.RFC3339))
	} else {
		r.ok("time", "%s", e.Now.In(e.Config.Zone).Format("2006-01-02 15:04:05 -07:00 MST"))
	}
	r.fileTimes(e)
	if _, err := time.LoadLocation(e.Config.Zone.String()); err != nil {
		r.fail("zone", "choose a zone of the IANA database, such as Asia/Shanghai", "the zone %s cannot be loaded: %v", e.Config.Zone, err)
	} else {
		r.ok("zone", "%s", e.Config.Zone)
	}
	if d != nil && d.Engine() == db.Postgres {
		r.offset(ctx, d)
	}
}

// fileTimes finds a clock that was set back: files of the instance are then from the future.
func (r *report) fileTimes(e Env) {
	for _, path := range []string{e.Database, e.Database + "-wal", filepath.Join(e.Config.Data, "lock")} {
		info, err := os.Stat(path)
		if err != nil {
			continue // the file is not there, or the disk check says why
		}
		if ahead := info.ModTime().Sub(e.Now); ahead > fileTolerance {
			r.fail("going forward", setClock, "%s was written %s in the future: the clock has been set back", path, ahead.Round(time.Second))
			return
		}
	}
	r.ok("going forward", "no file of the instance is from the future")
}

func (r *report) offset(ctx context.Context, d *db.DB) {
	const query = "/* doctor.serverTime */ select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)"
	before := time.Now()
	var at db.Time
	if err := d.Reader().QueryRowContext(ctx, query).Scan(&at); err != nil {
		r.fail("database server", "see storage", "the server does not tell its time: %v", err)
		return
	}
	took := time.Since(before)
	offset := (at.Sub(before) - took/2).Abs().Round(time.Millisecond)
	switch {
	case offset > offsetFail:
		r.fail("database server", setClock+", on both machines", "its clock differs by %s", offset)
	case offset > offsetWarn:
		r.warn("database server", setClock+", on both machines", "its clock differs by %s", offset)
	default:
		r.ok("database server", "its clock differs by %s", offset)
	}
}

// calendar warns of a year whose holidays nobody has entered. Deadlines in working time would run through them.
func (r *report) calendar(ctx context.Context, e Env, d *db.DB) {
	r.check = "calendar"
	var q db.Querier
	if d != nil {
		q = d.Reader()
	}
	calendars, err := clock.NewCalendars(q, clock.DefaultWeeks(e.Config.Zone)...)
	if err == nil && d != nil {
		err = calendars.Reload(ctx)
	}
	if err != nil {
		r.warn("statutory days", "start the program once, so that it makes its tables", "the edited days cannot be read: %v", err)
		return
	}
	if year, missing := calendars.MissingYear(e.Now); missing {
		r.warn("statutory days", "enter the State Council's notice in the console, under system, calendar",
			"the holidays and make-up workdays of %d are missing", year)
		return
	}
	r.ok("statutory days", "the years that should be known by now are")
}
