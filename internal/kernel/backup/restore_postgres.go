package backup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
)

// restorePostgres builds the tables in a schema of their own, which takes long, and then exchanges them with
// those in place in one short transaction. A killed restore leaves only that schema, tongban_restore_….
func (s *site) restorePostgres(ctx context.Context) (err error) {
	d, err := db.Open(ctx, db.Options{URL: s.URL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	home, err := s.checkPostgres(ctx, d)
	if err != nil {
		return err
	}
	stage := "tongban_restore_" + strings.ReplaceAll(ids.New(), "-", "")
	staged, err := inSchema(s.URL, stage)
	if err != nil {
		return err
	}
	if err := write(ctx, d, "/* backup.stage */ create schema "+quote(stage)); err != nil {
		return fmt.Errorf("make a schema to restore into: %w; the user needs the right to create in the database", err)
	}
	defer func() {
		ctx := context.WithoutCancel(ctx) // an interrupted restore cleans up too
		err = errors.Join(err, write(ctx, d, "/* backup.unstage */ drop schema if exists "+quote(stage)+" cascade"))
	}()
	if err := s.build(ctx, db.Options{URL: staged}); err != nil {
		return err
	}
	return s.putInPlace(func() error { return s.exchange(ctx, d, stage, home) })
}

// checkPostgres returns the schema that the program uses, and refuses one that has tables unless it may move them.
func (s *site) checkPostgres(ctx context.Context, d *db.DB) (home string, err error) {
	var tables []string
	err = d.ReadTx(ctx, func(ctx context.Context, q db.Querier) error {
		const query = "/* backup.home */ select coalesce(cast(current_schema() as text), '')"
		if err := q.QueryRowContext(ctx, query).Scan(&home); err != nil {
			return err
		}
		tables, err = tablesIn(ctx, q, home)
		return err
	})
	if err != nil {
		return "", err
	}
	if home == "" {
		return "", errors.New("the database has no schema for its tables; create one: create schema public")
	}
	if len(tables) > 0 && !s.Force {
		return "", fmt.Errorf("%w: the PostgreSQL database has %d tables; restore into an empty database, or move them to another schema with --force",
			ErrNotEmpty, len(tables))
	}
	return home, nil
}

// exchange moves the tables in place aside, if there are any, and the restored ones in.
func (s *site) exchange(ctx context.Context, d *db.DB, stage, home string) error {
	return d.Write(ctx, func(ctx context.Context, q db.Querier) error {
		old, err := tablesIn(ctx, q, home)
		if err != nil {
			return err
		}
		if len(old) > 0 {
			if !s.Force {
				return fmt.Errorf("%w: somebody made tables in it during the restore", ErrNotEmpty)
			}
			aside := "before_restore_" + s.At.UTC().Format("20060102_150405")
			if err := exec(ctx, q, "/* backup.aside */ create schema "+quote(aside)); err != nil {
				return err
			}
			if err := moveTables(ctx, q, old, home, aside); err != nil {
				return err
			}
		}
		restored, err := tablesIn(ctx, q, stage)
		if err != nil {
			return err
		}
		return moveTables(ctx, q, restored, stage, home)
	})
}

func tablesIn(ctx context.Context, q db.Querier, schema string) (names []string, err error) {
	const query = "/* backup.tablesIn */ select cast(c.relname as text) from pg_class c join pg_namespace n on n.oid = c.relnamespace " +
		"where n.nspname = $1 and c.relkind in ('r', 'p') order by c.relname"
	rows, err := q.QueryContext(ctx, query, schema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// moveTables moves tables with their indexes and constraints.
func moveTables(ctx context.Context, q db.Querier, tables []string, from, to string) error {
	for _, t := range tables {
		if err := exec(ctx, q, "/* backup.move */ alter table "+quote(from)+"."+quote(t)+" set schema "+quote(to)); err != nil {
			return err
		}
	}
	return nil
}

func write(ctx context.Context, d *db.DB, query string) error {
	return d.Write(ctx, func(ctx context.Context, q db.Querier) error { return exec(ctx, q, query) })
}

// inSchema returns the address with a search path of one schema. An address is a URL or words like host=….
func inSchema(address, schema string) (string, error) {
	if _, err := pgx.ParseConfig(address); err != nil {
		return "", errors.New("the database address cannot be read") // pgx's text may hold the password
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return address + " search_path=" + schema, nil
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String(), nil
}
