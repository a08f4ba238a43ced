package apptest

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"tongban/internal/app"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
	"tongban/internal/kernel/log"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

// Start is what the clock of a new App shows: a Friday morning within working hours.
var Start = time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)

// App is the application under test.
type App struct {
	*app.App
	Clock *clock.Fake
	URL   string // of a real server on this machine
	t     testing.TB
	made  atomic.Int64
}

// New runs the application on SQLite until the test ends. With TONGBAN_TEST_ENGINES naming only postgres it runs on
// that.
func New(t testing.TB) *App {
	t.Helper()
	return newOn(t, dbtest.Engines(t)[0])
}

// Each runs a test of the application once on every engine.
func Each(t *testing.T, fn func(t *testing.T, a *App)) {
	t.Helper()
	for _, engine := range dbtest.Engines(t) {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			fn(t, newOn(t, engine))
		})
	}
}

func newOn(t testing.TB, engine db.Engine) *App {
	t.Helper()
	conf, err := config.Load(config.Sources{Flags: map[string]string{
		"data": t.TempDir(), "addr": "127.0.0.1:0", "environment": "test", "limits.requests_per_second": "0",
	}})
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Clock: clock.NewFake(Start), t: t}
	logger, _ := log.Capture(t)
	a.App, err = app.New(context.Background(), app.Options{
		Config: conf, Clock: a.Clock, Log: logger, Version: "test",
		Storage: dbtest.Open(t, engine, app.MigrationSets()...),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := a.App.Start(ctx); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.Handler())
	a.URL = server.URL
	t.Cleanup(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		a.App.Stop(ctx)
	})
	return a
}

// System returns a context in which the program itself acts.
func (a *App) System() context.Context { return op.AsSystem(context.Background(), "test") }

// Password is that of every account made by As.
const Password = "correct-horse-battery-9"

// As makes an account with the roles and returns a browser in which it has signed in.
func (a *App) As(roles ...string) *Client {
	a.t.Helper()
	login := fmt.Sprintf("person%d", a.made.Add(1))
	_, err := a.Identity().CreateAccount(a.System(), identity.CreateAccountInput{
		Login: login, Name: "测试 " + login, Roles: roles, Password: Password, KeepPassword: true,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	c := a.Browser()
	page := c.Get("/sign-in").Form("form[action^='/sign-in']").Set("login", login).Set("password", Password).Submit()
	if page.Status != 303 {
		a.t.Fatalf("sign-in of %v answered %d:\n%s", roles, page.Status, page.Text())
	}
	c.Login = login
	return c
}

// eventuallyLimit is how long, in real time, Eventually waits for work in the background.
const eventuallyLimit = 20 * time.Second

// Eventually waits until something that background work brings about is so. It fails the test when that takes too
// long.
func (a *App) Eventually(what string, is func() bool) {
	a.t.Helper()
	limit := time.NewTimer(eventuallyLimit)
	defer limit.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-limit.C:
			a.t.Fatalf("waited in vain until %s", what)
		}
	}
}
