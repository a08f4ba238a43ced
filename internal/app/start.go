package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"tongban/internal/app/system"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/identity"
)

// addParts lists what runs, in the order of starting.
func (a *App) addParts(context.Context) error {
	tls, err := loadTLS(a.Config.TLS)
	if err != nil {
		return err
	}
	a.parts.add("tracing", a.tracing)
	a.parts.add("events", a.outbox)
	a.parts.add("jobs", a.jobs)
	for _, m := range a.modules {
		if m.Part != nil {
			a.parts.add(m.Name, m.Part)
		}
	}
	a.parts.add("follower", &follower{app: a})
	a.parts.add("live", a.live)
	if a.Config.Metrics.Addr != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", a.metricsHandler())
		a.parts.add("metrics", newListener(a.Config.Metrics.Addr, mux, nil, a.Log))
	}
	a.listener = newListener(a.Config.Addr, a.site.Handler(), tls, a.Log)
	a.listener.before = a.live.Stop
	a.parts.add("listener", a.listener)
	return nil
}

// prepare makes what a first start needs: the demo organisation, or the one-time link for the first
// administrator. A demo and a real installation never share a data directory.
func (a *App) prepare(ctx context.Context) error {
	ctx = op.AsSystem(ctx, "app.start")
	fresh, err := a.identity.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if a.Demo {
		if !fresh && !isDemo(a.Config.Data) {
			return fmt.Errorf("the data directory %s holds a real installation, no demo; choose another with --data", a.Config.Data)
		}
		return a.prepareDemo(ctx, fresh)
	}
	if isDemo(a.Config.Data) {
		return fmt.Errorf("the data directory %s holds a demo, whose passwords are printed on its screen; choose another with --data", a.Config.Data)
	}
	if !fresh {
		return nil
	}
	link, err := a.identity.IssueSetup(ctx, op.None{})
	a.setup = link.Secret
	return err
}

// follower keeps what this node remembers in step with what any node changed.
type follower struct {
	app    *App
	cancel context.CancelFunc
	done   chan struct{}
}

// Start begins to follow.
func (f *follower) Start(ctx context.Context) error {
	from, err := f.app.outbox.Head(ctx)
	if err != nil {
		return err
	}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.done = make(chan struct{})
	go func() {
		defer close(f.done)
		_ = f.app.outbox.Follow(ctx, from, func(e events.Event) error { f.app.remember(ctx, e); return nil }) // ends with ctx or the outbox
	}()
	return nil
}

// Stop ends the following.
func (f *follower) Stop(context.Context) {
	if f.cancel != nil {
		f.cancel()
		<-f.done
		f.cancel = nil
	}
}

func (a *App) remember(ctx context.Context, e events.Event) {
	if e.Type != system.FactCalendarChanged {
		return
	}
	if err := a.calendars.Reload(ctx); err != nil {
		a.Log.ErrorContext(ctx, "the working calendar could not be read again", "error", err)
	}
}

// IssueToken makes an API token for an account, on the operator's command. A life of zero never ends.
func (a *App) IssueToken(ctx context.Context, login, name string, life time.Duration) (string, error) {
	ctx = op.AsSystem(ctx, "operator")
	account, err := a.identity.FindAccount(ctx, identity.AccountLogin{Login: login})
	if err != nil {
		return "", err
	}
	made, err := a.identity.CreateToken(ctx, identity.CreateTokenInput{AccountID: account.ID, Name: name, Life: life})
	return made.Bearer, err
}
