package identitytest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

// Password is the password of every account the builders make.
const Password = "Mond-Licht über 7 Hügeln"

// Start is the time a new fixture's clock shows: a Saturday morning in China.
var Start = time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)

// Sets are the tables a fixture needs.
func Sets() []db.MigrationSet {
	return []db.MigrationSet{op.Migrations(), events.Migrations(), identity.Migrations()}
}

// Log is an auditor that keeps entries in memory.
type Log struct {
	mu      sync.Mutex
	entries []op.Entry
}

// Record keeps the entry. It does not take part in the transaction, so what was rolled back stays.
func (l *Log) Record(_ context.Context, _ db.Querier, e op.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	return nil
}

// Entries returns the entries of an operation in the order of recording; all of them for "".
func (l *Log) Entries(name string) []op.Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []op.Entry
	for _, e := range l.entries {
		if name == "" || e.Op == name {
			list = append(list, e)
		}
	}
	return list
}

// Fixture is a running identity service.
type Fixture struct {
	*identity.Service
	DB       *db.DB
	Clock    *clock.Fake
	Ops      *op.Runner
	Registry *op.Registry
	Log      *Log
	count    int
}

// New returns a fixture on d, whose tables are those of Sets.
func New(t testing.TB, d *db.DB) *Fixture {
	t.Helper()
	f := &Fixture{DB: d, Clock: clock.NewFake(Start), Log: &Log{}}
	f.Ops = Runner(t, d, f.Clock, f.Log)
	f.Service = f.Node(t)
	var err error
	if f.Registry, err = op.NewRegistry(f.Ops, f.Service.Module().Operations); err != nil {
		t.Fatal(err)
	}
	f.Service.UseOperations(f.Registry)
	return f
}

// Node returns a second service on the same database, as another node of a cluster has it.
func (f *Fixture) Node(t testing.TB) *identity.Service {
	t.Helper()
	s, err := identity.New(identity.Deps{
		DB: f.DB, Ops: f.Ops, Clock: f.Clock, Key: []byte("a key for tests, 32 bytes long..."), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Registry != nil {
		s.UseOperations(f.Registry)
	}
	return s
}

// Runner returns a runner of operations for tests.
func Runner(t testing.TB, d *db.DB, c clock.Clock, auditor op.Auditor) *op.Runner {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	outbox, err := events.New(events.Deps{DB: d, Clock: c, Log: quiet, Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := op.NewRunner(op.Deps{
		DB: d, Clock: c, Audit: auditor, Events: outbox, Log: quiet, Metrics: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider().Tracer("test"), Key: []byte("another key for tests"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// AsSystem is a context in which the program itself acts.
func AsSystem(t testing.TB) context.Context { return op.AsSystem(t.Context(), "test") }

// Account makes an account with these roles. Its password is Password and need not be changed.
func (f *Fixture) Account(t testing.TB, login string, roles ...string) identity.Account {
	t.Helper()
	f.count++
	created, err := f.CreateAccount(AsSystem(t), identity.CreateAccountInput{
		Login: login, Name: fmt.Sprintf("测试 %d", f.count), Roles: roles, Password: Password, KeepPassword: true,
	})
	if err != nil {
		t.Fatalf("create %s: %v", login, err)
	}
	return created.Account
}

// Visitor is a context in which nobody has signed in yet, at an address.
func Visitor(t testing.TB, addr string) context.Context {
	return op.WithActor(t.Context(), op.Actor{Kind: op.Anonymous, Addr: addr, Device: "Test/1.0"})
}

// SignInAs signs in with Password and returns the session.
func (f *Fixture) SignInAs(t testing.TB, login string) identity.SignedIn {
	t.Helper()
	in, err := f.SignIn(Visitor(t, "192.0.2.1"), identity.SignInInput{Login: login, Password: Password})
	if err != nil {
		t.Fatalf("sign in as %s: %v", login, err)
	}
	return in
}

// As signs in and returns a context in which that person acts.
func (f *Fixture) As(t testing.TB, login string) context.Context {
	t.Helper()
	actor, err := f.Authenticate(t.Context(), f.SignInAs(t, login).Secret)
	if err != nil {
		t.Fatalf("authenticate %s: %v", login, err)
	}
	actor.Addr, actor.Device = "192.0.2.1", "Test/1.0"
	return op.WithActor(t.Context(), actor)
}

// SignInWith is SignInAs with another password.
func (f *Fixture) SignInWith(t testing.TB, login, password string) identity.SignedIn {
	t.Helper()
	in, err := f.SignIn(Visitor(t, "192.0.2.1"), identity.SignInInput{Login: login, Password: password})
	if err != nil {
		t.Fatalf("sign in as %s: %v", login, err)
	}
	return in
}
