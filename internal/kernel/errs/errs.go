package errs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kind says what a caller can do about a failure.
type Kind int

// The kinds. Internal is the zero value: what nobody classified is our fault.
const (
	None         Kind = iota - 1 // of a nil error
	Internal                     // a defect or an unexpected failure; retrying may not help
	Invalid                      // the input is wrong; see Fields
	NotFound                     // the thing does not exist, or the actor may not know that it does
	Denied                       // the actor may not do this
	Conflict                     // the thing changed meanwhile, or is in a state that forbids this
	Precondition                 // something has to be done first: confirm, prove a factor, finish a step
	Unavailable                  // try again later: overload, a limit, a part that is down
)

var kindNames = [...]string{"internal", "invalid", "not_found", "denied", "conflict", "precondition", "unavailable"}

// String returns the kind's name as it stands in logs, metrics and audit entries.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return kindNames[Internal]
	}
	return kindNames[k]
}

var kindStatus = [...]int{
	http.StatusInternalServerError, http.StatusUnprocessableEntity, http.StatusNotFound, http.StatusForbidden,
	http.StatusConflict, http.StatusPreconditionFailed, http.StatusServiceUnavailable,
}

// Field is one part of the input that is wrong.
type Field struct {
	Name   string         // the input's name as the form or the JSON body spells it, e.g. "login" or "lines.2.amount"
	Code   string         // stable; the user's text is the translation "error."+Code
	Params map[string]any // values for the placeholders of that text
}

// Error is a classified failure. The zero value is not useful; make one with Define or InvalidFields.
type Error struct {
	Kind   Kind
	Code   string         // stable and documented, e.g. "desk.ticket_closed"
	Params map[string]any // values for the placeholders of the text "error."+Code; shown to the user
	Fields []Field
	status int
	cause  error
}

// Define declares a failure. Code is the module's name, a dot and what is wrong.
func Define(kind Kind, code string) *Error { return &Error{Kind: kind, Code: code} }

// DefineStatus declares a failure whose HTTP status differs from the one its kind implies,
// such as 401 for a missing session, 413 for an oversized body or 429 for a limit.
func DefineStatus(kind Kind, code string, status int) *Error {
	return &Error{Kind: kind, Code: code, status: status}
}

// CodeInvalidInput is the code of every error made by InvalidFields.
const CodeInvalidInput = "invalid_input"

// InvalidFields returns an Invalid error for the fields at fault, or nil when there are none, so that a
// Validate method can end with it.
func InvalidFields(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: CodeInvalidInput, Fields: fields}
}

// With returns a copy that carries one more parameter for the user's text.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Params = make(map[string]any, len(e.Params)+1)
	for k, v := range e.Params {
		c.Params[k] = v
	}
	c.Params[name] = value
	return &c
}

// Because returns a copy that wraps cause. The cause is logged, never shown.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// At returns a copy that blames the named input field, with the error's own code and parameters.
func (e *Error) At(field string) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{Name: field, Code: e.Code, Params: e.Params})
	return &c
}

// Error describes the failure for logs, with its cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " %s=%s", f.Name, f.Code)
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is a classified failure with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeInternal is the code of every failure nobody classified.
const CodeInternal = "internal"

// From returns the first classified failure in err's chain. Whatever has none becomes Internal with err as its
// cause; a context that ended becomes Unavailable. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Kind: Unavailable, Code: "timeout", cause: err}
	}
	return &Error{Kind: Internal, Code: CodeInternal, cause: err}
}

// KindOf returns the kind of err: None for nil, Internal for one that was never classified.
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	return From(err).Kind
}

// Status returns the HTTP status for err, which must not be nil.
func Status(err error) int {
	e := From(err)
	if e.status != 0 {
		return e.status
	}
	return kindStatus[e.Kind]
}
