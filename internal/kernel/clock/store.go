package clock

import (
	"context"
	"database/sql"
	"embed"
	"fmt"

	"tongban/internal/kernel/db"
)

//go:embed migrations
var migrations embed.FS

// Migrations make table clock_day.
func Migrations() db.MigrationSet { return db.MigrationSet{Module: "clock", FS: migrations} }

// Store keeps the days administrators set, in table clock_day. Its methods run in the caller's transaction, so
// that the audited operation which changes the calendar owns it. Snapshots do not change before
// Calendars.Reload.
type Store struct{ clock Clock }

// NewStore returns a store that stamps changes with c.
func NewStore(c Clock) *Store { return &Store{clock: c} }

// maxYearRows is more than a year has days.
const maxYearRows = 400

// List returns the days set for year, in order.
func (s *Store) List(ctx context.Context, q db.Querier, year int) ([]Day, error) {
	const query = `/* clock.listYear */ select day, kind, name, changed_at from clock_day
		where day >= $1 and day < $2 order by day limit $3`
	from, to := fmt.Sprintf("%04d-01-01", year), fmt.Sprintf("%04d-01-01", year+1)
	days, err := readDays(q.QueryContext(ctx, query, from, to, maxYearRows))
	if err != nil {
		return nil, fmt.Errorf("list calendar days of %d: %w", year, err)
	}
	return days, nil
}

// Get returns the day set for d; ErrNoDay when there is none.
func (s *Store) Get(ctx context.Context, q db.Querier, d Date) (Day, error) {
	const query = `/* clock.getDay */ select day, kind, name, changed_at from clock_day where day = $1`
	days, err := readDays(q.QueryContext(ctx, query, d.String()))
	if err != nil {
		return Day{}, fmt.Errorf("get calendar day %s: %w", d, err)
	}
	if len(days) == 0 {
		return Day{}, ErrNoDay
	}
	return days[0], nil
}

// Set stores day in place of what was set for its date, and returns it as stored. It returns an Invalid error
// with the fields at fault.
func (s *Store) Set(ctx context.Context, q db.Querier, day Day) (Day, error) {
	const query = `/* clock.setDay */ insert into clock_day (day, kind, name, changed_at) values ($1, $2, $3, $4)
		on conflict (day) do update set kind = excluded.kind, name = excluded.name, changed_at = excluded.changed_at`
	if err := day.Validate(); err != nil {
		return Day{}, err
	}
	changed := db.At(s.clock.Now())
	if _, err := q.ExecContext(ctx, query, day.Date.String(), string(day.Kind), day.Name, changed); err != nil {
		return Day{}, fmt.Errorf("set calendar day %s: %w", day.Date, db.MapError(err))
	}
	day.Changed = changed.Time
	return day, nil
}

// Remove takes back what was set for d, so that the shipped day or the plain weekday counts again; ErrNoDay when
// nothing was set.
func (s *Store) Remove(ctx context.Context, q db.Querier, d Date) error {
	const query = `/* clock.removeDay */ delete from clock_day where day = $1`
	result, err := q.ExecContext(ctx, query, d.String())
	if err != nil {
		return fmt.Errorf("remove calendar day %s: %w", d, db.MapError(err))
	}
	removed, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("remove calendar day %s: %w", d, err)
	}
	if removed == 0 {
		return ErrNoDay
	}
	return nil
}

// maxRows is more than three centuries of notices fill; Set refuses years beyond them.
const maxRows = 20_000

func allDays(ctx context.Context, q db.Querier) ([]Day, error) {
	const query = `/* clock.allDays */ select day, kind, name, changed_at from clock_day order by day limit $1`
	days, err := readDays(q.QueryContext(ctx, query, maxRows))
	if err != nil {
		return nil, fmt.Errorf("read calendar days: %w", err)
	}
	return days, nil
}

func readDays(rows *sql.Rows, err error) ([]Day, error) {
	if err != nil {
		return nil, db.MapError(err)
	}
	defer rows.Close()
	var days []Day
	for rows.Next() {
		var date string
		var day Day
		var changed db.Time
		if err := rows.Scan(&date, &day.Kind, &day.Name, &changed); err != nil {
			return nil, err
		}
		if day.Date, err = ParseDate(date); err != nil {
			return nil, err
		}
		day.Changed = changed.Time
		days = append(days, day)
	}
	return days, db.MapError(rows.Err())
}
