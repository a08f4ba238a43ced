package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// JSON keeps V as JSON in a TEXT column. It is written as a string, because bytes would become a BLOB on
// SQLite. NULL reads as the zero value of T. SQL does not look inside it.
type JSON[T any] struct{ V T }

// Value implements driver.Valuer.
func (j JSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	if err != nil {
		return nil, fmt.Errorf("db.JSON: %w", err)
	}
	return string(b), nil
}

// Scan implements sql.Scanner.
func (j *JSON[T]) Scan(src any) error {
	var raw []byte
	switch v := src.(type) {
	case nil:
		*j = JSON[T]{}
		return nil
	case string:
		raw = []byte(v)
	case []byte:
		raw = v
	default:
		return fmt.Errorf("db.JSON: want text, got %T", src)
	}
	var fresh T // what V held before must not shine through fields the text lacks
	if err := json.Unmarshal(raw, &fresh); err != nil {
		return fmt.Errorf("db.JSON: %w", err)
	}
	j.V = fresh
	return nil
}
