package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"tongban/internal/app/apptest"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/trust/audit"
	"tongban/internal/trust/identity"
)

// TestEveryOperationIsPermittedAndAudited walks all operations of all modules with an actor who may and one who may
// not. Who may not is refused whatever the input, learns nothing about it, and is in the log; who may gets past the
// door, and a change, a failure and a read of personal data are in the log.
func TestEveryOperationIsPermittedAndAudited(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, a *apptest.App) {
		for _, bound := range a.Operations().All() {
			t.Run(bound.Spec.Name, func(t *testing.T) {
				walkRefused(t, a, bound)
				walkAllowed(t, a, bound)
			})
		}
	})
}

func walkRefused(t *testing.T, a *apptest.App, bound op.Bound) {
	t.Helper()
	for kind, want := range map[op.ActorKind]error{op.Anonymous: op.ErrSessionRequired, op.Person: op.ErrDenied} {
		if bound.Spec.Access == op.Public || (bound.Spec.Access == op.SignedIn && kind == op.Person) {
			continue
		}
		actor := op.Actor{Kind: kind, Name: "walker", Addr: "walk-" + bound.Spec.Name, Session: "s"}
		if kind == op.Person {
			actor.ID = "walker"
		}
		_, err := bound.Call(op.WithActor(context.Background(), actor), json.RawMessage("{}"))
		if !errors.Is(err, want) {
			t.Errorf("%s got %v, want %v", kind, err, want)
		}
		if n := entries(t, a, bound, string(op.Refused)); n == 0 {
			t.Errorf("the refusal of %s is not in the log", kind)
		}
	}
}

func walkAllowed(t *testing.T, a *apptest.App, bound op.Bound) {
	t.Helper()
	actor := op.Actor{Kind: op.Person, ID: "allowed", Name: "allowed", Session: "s",
		Permissions: map[op.Permission]bool{bound.Spec.Permission: true}}
	if bound.Spec.Access == op.Internal {
		actor = op.Actor{Kind: op.System, ID: "walk"}
	}
	before := entries(t, a, bound, "")
	_, err := bound.Call(op.WithActor(context.Background(), actor), json.RawMessage("{}"))
	if errors.Is(err, op.ErrSessionRequired) {
		t.Fatalf("an actor with the right was refused: %v", err)
	}
	if err != nil && errs.KindOf(err) == errs.Internal {
		t.Errorf("an empty input ends in a defect: %v", err)
	}
	var unconfirmed *op.NeedsConfirmation
	quiet := err == nil && bound.Spec.Reads && !bound.Spec.Personal // a plain read
	if quiet || errors.As(err, &unconfirmed) {
		return
	}
	if after := entries(t, a, bound, ""); after <= before {
		t.Errorf("the attempt (%v) is not in the log", err)
	}
}

// entries counts the log's entries of an operation, with an outcome unless it is empty.
func entries(t *testing.T, a *apptest.App, bound op.Bound, outcome string) int {
	t.Helper()
	found, err := a.Audit().Search(a.System(), audit.Filter{Op: bound.Spec.Name, Outcome: op.Outcome(outcome)})
	if err != nil {
		t.Fatal(err)
	}
	return len(found.Entries)
}

func TestNoOperationIsOpenByAccident(t *testing.T) {
	t.Parallel()
	open := map[string]bool{}
	for _, bound := range apptest.New(t).Operations().All() {
		if bound.Spec.Access == op.Public {
			open[bound.Spec.Name] = true
		}
	}
	for _, name := range []string{"identity.session.sign_in", "identity.setup.finish", "identity.organisation.read", "portal.home.read"} {
		if !open[name] {
			t.Errorf("%s is not open", name)
		}
		delete(open, name)
	}
	for name := range open {
		t.Errorf("%s is open to anybody; add it here if it has to be", name)
	}
}

// TestTheConsoleIsClosed walks every page of the console with nobody and with a citizen.
func TestTheConsoleIsClosed(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	nobody, citizen := a.Browser(), a.As(identity.RoleCitizen)
	fill := strings.NewReplacer("{id}", "01a2012f-f8a1-7e9a-a484-7c5c3211a424", "{kind}", "x")
	pages := 0
	for _, r := range a.Site().Routes() {
		path, ok := strings.CutPrefix(r.Pattern, "GET ")
		if !ok || r.Face != ui.Console {
			continue
		}
		pages++
		path = fill.Replace(path)
		if p := nobody.Get(path); p.Status != 303 || !strings.HasPrefix(p.Header.Get("Location"), "/sign-in") {
			t.Errorf("nobody gets %d from %s", p.Status, path)
		}
		if p := citizen.Get(path); p.Status != 403 {
			t.Errorf("a citizen gets %d from %s", p.Status, path)
		}
	}
	if pages < 20 {
		t.Errorf("only %d pages were walked", pages)
	}
}
