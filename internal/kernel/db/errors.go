package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tongban/internal/kernel/errs"
)

// The failures MapError tells apart.
var (
	ErrDuplicate   = errs.Define(errs.Conflict, "duplicate")          // a unique key exists already
	ErrInUse       = errs.Define(errs.Conflict, "in_use")             // a foreign key forbids it
	ErrRule        = errs.Define(errs.Invalid, "rejected_by_rule")    // a check forbids it
	ErrNotFound    = errs.Define(errs.NotFound, "not_found")          // sql.ErrNoRows
	ErrStorageFull = errs.Define(errs.Unavailable, "storage_full")    // the disk is full
	ErrStorageDown = errs.Define(errs.Unavailable, "storage_down")    // the server or the disk does not answer
	ErrBusy        = errs.Define(errs.Unavailable, "busy")            // a lock, or too many retries
	errNotDatabase = errs.Define(errs.Internal, "db.not_a_database")  // the file is damaged or something else
	errNotWritable = errs.Define(errs.Internal, "db.not_writable")    // the folder or the file
	errBadURL      = errs.Define(errs.Invalid, "db.bad_url")          // not a PostgreSQL address
	errCollation   = errs.Define(errs.Internal, "db.wrong_collation") // the PostgreSQL database sorts otherwise
	errDamaged     = errs.Define(errs.Internal, "db.damaged")         // Check found damage
)

// MapError gives a database error its kind and code (the Err… of this package), with err as the cause. An
// error that is classified already, the end of a context and what it does not know come back unchanged.
func MapError(err error) error {
	var known *errs.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for _, classify := range []func(error) *errs.Error{fromSQLite, fromPostgres, fromConnection} {
		if e := classify(err); e != nil {
			return e.Because(err)
		}
	}
	return err
}

func fromSQLite(err error) *errs.Error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return ErrDuplicate
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return ErrInUse
	case sqlite3.SQLITE_CONSTRAINT_CHECK:
		return ErrRule
	}
	switch e.Code() & 0xff { // the upper bits only say where it happened
	case sqlite3.SQLITE_FULL:
		return ErrStorageFull
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrBusy
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return ErrStorageDown
	}
	return nil
}

func fromPostgres(err error) *errs.Error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code {
	case "23505":
		return ErrDuplicate
	case "23503":
		return ErrInUse
	case "23514":
		return ErrRule
	case "53100":
		return ErrStorageFull
	case "40001", "40P01", "55P03", "53300":
		return ErrBusy
	case "57P01", "57P02", "57P03":
		return ErrStorageDown
	}
	if strings.HasPrefix(e.Code, "08") {
		return ErrStorageDown
	}
	return nil
}

func fromConnection(err error) *errs.Error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.Is(err, ErrClosed) || errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return ErrStorageDown
	}
	return nil
}

// Constraint names what err broke, the same on both engines: the columns of a unique key as "table.a, table.b",
// the index where the key is an expression, and a check by its name. A foreign key has its name on
// PostgreSQL and none on SQLite. It is empty for other errors.
func Constraint(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		if columns := uniqueColumns(e); columns != "" {
			return columns
		}
		return e.ConstraintName
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok || e.Code()&0xff != sqlite3.SQLITE_CONSTRAINT {
		return ""
	}
	// SQLite tells the name only in its text: "constraint failed: UNIQUE constraint failed: t.a, t.b (2067)".
	text := e.Error()
	at := strings.LastIndex(text, "constraint failed: ")
	if at < 0 {
		return ""
	}
	text = text[at+len("constraint failed: "):]
	if end := strings.LastIndex(text, " ("); end >= 0 {
		text = text[:end]
	}
	if index, ok := strings.CutPrefix(text, "index '"); ok {
		return strings.TrimSuffix(index, "'")
	}
	return text
}

// uniqueColumns reads the columns from the detail of a unique violation, "Key (a, b)=(1, 2) already exists.",
// whose words are translated but whose brackets are not. A key with an expression has a bracket in it.
func uniqueColumns(e *pgconn.PgError) string {
	if e.Code != "23505" {
		return ""
	}
	_, rest, _ := strings.Cut(e.Detail, "(")
	key, _, ok := strings.Cut(rest, ")=(")
	if !ok || strings.ContainsAny(key, "()") {
		return ""
	}
	columns := strings.Split(key, ", ")
	for i, c := range columns {
		columns[i] = e.TableName + "." + c
	}
	return strings.Join(columns, ", ")
}
