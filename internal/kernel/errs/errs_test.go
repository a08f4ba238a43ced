package errs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tongban/internal/kernel/errs"
)

var errClosed = errs.Define(errs.Conflict, "desk.ticket_closed")

func TestIsMatchesByCode(t *testing.T) {
	t.Parallel()
	cause := errors.New("row changed")
	err := fmt.Errorf("close ticket %s: %w", "T-1", errClosed.With("number", "T-1").Because(cause))
	if !errors.Is(err, errClosed) || !errors.Is(err, cause) {
		t.Fatalf("errors.Is lost the code or the cause of %v", err)
	}
	if errors.Is(err, errs.Define(errs.Conflict, "desk.other")) {
		t.Fatal("a different code matched")
	}
	if errClosed.Params != nil {
		t.Fatal("With changed the declared error")
	}
}

func TestUnclassifiedIsInternal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		err    error
		kind   errs.Kind
		code   string
		status int
	}{
		{"plain", errors.New("secret path /etc/x"), errs.Internal, "internal", 500},
		{"defined", errClosed, errs.Conflict, "desk.ticket_closed", 409},
		{"own status", errs.DefineStatus(errs.Denied, "session_required", 401), errs.Denied, "session_required", 401},
		{"deadline", fmt.Errorf("load: %w", context.DeadlineExceeded), errs.Unavailable, "timeout", 503},
		{"fields", errs.InvalidFields(errs.Field{Name: "login", Code: "required"}), errs.Invalid, "invalid_input", 422},
	} {
		got := errs.From(tc.err)
		if got.Kind != tc.kind || got.Code != tc.code || errs.Status(tc.err) != tc.status {
			t.Errorf("%s: got %v %s %d", tc.name, got.Kind, got.Code, errs.Status(tc.err))
		}
	}
	if errs.From(nil) != nil || errs.KindOf(nil) != errs.None || errs.InvalidFields() != nil {
		t.Error("nothing wrong must stay nil")
	}
}
