package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is an instant as the database keeps it: a BIGINT of UTC microseconds since 1970. The zero Time is NULL.
// It compares and sorts the same in Go and in SQL, in every zone and on both engines.
type Time struct{ time.Time }

// At returns t as the database will give it back: in UTC, cut to whole microseconds.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{time.UnixMicro(t.UnixMicro()).UTC()}
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Time{}
	case int64:
		*t = Time{time.UnixMicro(v).UTC()}
	default:
		return fmt.Errorf("db.Time: want a bigint of microseconds, got %T", src)
	}
	return nil
}
