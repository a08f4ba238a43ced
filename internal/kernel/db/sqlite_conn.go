package db

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// stmtsPerConn bounds the prepared statements a connection keeps; the program's SQL is static and far less.
const stmtsPerConn = 512

// cachingConnector makes SQLite connections that keep their prepared statements. database/sql prepares the text
// of every Exec and Query anew, which costs more than running a small statement. Caching *sql.Stmt above the
// pool would not do: the rows of a statement that is still being read would be destroyed by a nested use
// of the same text in one transaction, and only the driver's level sees when rows are closed.
type cachingConnector struct{ driver.Connector }

// sqliteConn is what database/sql uses of the driver's connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: the SQLite driver's %T lacks a method this package needs", conn), conn.Close())
	}
	return &cachingConn{sqliteConn: full, byText: map[string]*list.Element{}, byUse: list.New()}, nil
}

// cachingConn is used by one goroutine at a time; database/sql sees to that, for rows too.
type cachingConn struct {
	sqliteConn
	byText map[string]*list.Element
	byUse  *list.List // of *cachedStmt, the last used first
}

type cachedStmt struct {
	text string
	stmt preparedStmt
	busy bool // its rows are being read
	kept bool // in the cache
}

type preparedStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (c *cachingConn) take(ctx context.Context, text string) (*cachedStmt, error) {
	e, known := c.byText[text]
	if known {
		if s := e.Value.(*cachedStmt); !s.busy {
			s.busy = true
			c.byUse.MoveToFront(e)
			return s, nil
		}
	}
	stmt, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	full, ok := stmt.(preparedStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("db: the SQLite driver's %T lacks a method this package needs", stmt), stmt.Close())
	}
	s := &cachedStmt{text: text, stmt: full, busy: true, kept: !known}
	if s.kept {
		c.byText[text] = c.byUse.PushFront(s)
	}
	return s, nil
}

// give returns a statement to the cache and drops the one unused for longest when there are too many.
func (c *cachingConn) give(s *cachedStmt) error {
	s.busy = false
	if !s.kept {
		return s.stmt.Close()
	}
	if c.byUse.Len() <= stmtsPerConn {
		return nil
	}
	for e := c.byUse.Back(); e != nil; e = e.Prev() {
		if old := e.Value.(*cachedStmt); !old.busy {
			c.byUse.Remove(e)
			delete(c.byText, old.text)
			return old.stmt.Close()
		}
	}
	return nil
}

// ExecContext implements driver.ExecerContext.
func (c *cachingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	r, err := s.stmt.ExecContext(ctx, args)
	if closing := c.give(s); err == nil {
		err = closing
	}
	return r, err
}

// QueryContext implements driver.QueryerContext.
func (c *cachingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.stmt.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, c.give(s))
	}
	return &cachedRows{Rows: rows, conn: c, stmt: s}, nil
}

// Close finalizes the statements and closes the connection.
func (c *cachingConn) Close() error {
	var faults []error
	for e := c.byUse.Front(); e != nil; e = e.Next() {
		faults = append(faults, e.Value.(*cachedStmt).stmt.Close())
	}
	return errors.Join(append(faults, c.sqliteConn.Close())...)
}

// cachedRows gives its statement back when it is closed.
type cachedRows struct {
	driver.Rows
	conn *cachingConn
	stmt *cachedStmt
}

func (r *cachedRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	s := r.stmt
	r.stmt = nil
	return errors.Join(r.Rows.Close(), r.conn.give(s))
}
