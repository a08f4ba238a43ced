package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tongban/internal/app/system"
	"tongban/internal/kernel/api"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/config"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/live"
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/web"
	"tongban/internal/serve/portal"
	"tongban/internal/trust/audit"
	"tongban/internal/trust/identity"
)

// Options say what to run.
type Options struct {
	Config  config.Config
	Clock   clock.Clock  // nil: the system's
	Log     *slog.Logger // nil: discards
	Version string
	Demo    bool   // with the demo organisation
	Storage *db.DB // for tests: an open, migrated database, which the App closes; nil: as configured
}

// App is one running instance.
type App struct {
	Options
	lock    *Lock
	db      *db.DB
	master  masterKey
	metrics *prometheus.Registry
	tracing *tracing

	calendars *clock.Calendars
	outbox    *events.Outbox
	jobs      *jobs.Engine
	live      *live.Hub
	ops       *op.Runner
	registry  *op.Registry
	site      *web.Site
	api       *api.API

	identity *identity.Service
	audit    *audit.Service
	portal   *portal.Service
	system   *system.Service
	modules  []module.Module

	parts    parts
	stopping atomic.Bool
	listener *listener
	demo     []DemoAccount
	setup    string
}

// New takes the data directory, opens and migrates the storage and joins the modules. Nothing runs until Start;
// an App that is never started has to be stopped as well. The errors are for the operator and say what to do.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{Options: o, metrics: prometheus.NewRegistry()}
	for _, step := range []func(context.Context) error{
		a.openData, a.openKernel, a.openRooms, a.openFaces, a.addParts, a.prepare,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	return a, nil
}

// openData takes the data directory and opens and migrates the storage.
func (a *App) openData(ctx context.Context) (err error) {
	if a.lock, err = LockData(a.Config.Data); err != nil {
		return err
	}
	if a.db = a.Storage; a.db == nil {
		if a.db, err = OpenStorage(ctx, a.Config, a.Log); err != nil {
			return err
		}
	}
	if err := a.db.Migrate(ctx, a.Clock.Now(), MigrationSets()...); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	known, err := op.KeyKnown(ctx, a.db.Reader())
	if err != nil {
		return err
	}
	a.master, err = loadKey(filepath.Join(a.Config.Data, keyFile), !known)
	return err
}

// OpenStorage opens the configured database without migrating it.
func OpenStorage(ctx context.Context, c config.Config, log *slog.Logger) (*db.DB, error) {
	return db.Open(ctx, db.Options{
		Path: filepath.Join(c.Data, "tongban.db"), URL: c.Database.URL.Reveal(), ReadConns: c.Database.ReadConns, Log: log,
	})
}

// openKernel makes what every room stands on.
func (a *App) openKernel(ctx context.Context) (err error) {
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.exportStats(); err != nil {
		return err
	}
	if a.tracing, err = newTracing(ctx, a.Config.OTel.Endpoint, a.Config.OTel.Headers, a.Version); err != nil {
		return err
	}
	if a.calendars, err = clock.NewCalendars(a.db.Reader(), clock.DefaultWeeks(a.Config.Zone)...); err != nil {
		return err
	}
	if err := a.calendars.Reload(ctx); err != nil {
		return err
	}
	node, err := os.Hostname()
	if err != nil {
		node = "node"
	}
	a.outbox, err = events.New(events.Deps{
		DB: a.db, Clock: a.Clock, Log: a.Log.With("module", "events"), Metrics: a.metrics, Node: node, As: op.AsSystem,
	})
	if err != nil {
		return err
	}
	a.jobs, err = jobs.New(jobs.Deps{
		DB: a.db, Clock: a.Clock, Log: a.Log.With("module", "jobs"), Metrics: a.metrics, Node: node, As: op.AsSystem,
		Workers: a.Config.Jobs.Workers,
	})
	if err != nil {
		return err
	}
	return a.openOperations(ctx)
}

func (a *App) openOperations(ctx context.Context) error {
	key, err := a.key("operations")
	if err != nil {
		return err
	}
	a.ops, err = op.NewRunner(op.Deps{
		DB: a.db, Clock: a.Clock, Audit: audit.Recorder{}, Events: a.outbox, Log: a.Log.With("module", "op"),
		Metrics: a.metrics, Tracer: a.tracing.tracer(), Key: key,
	})
	if err != nil {
		return err
	}
	if err := a.ops.CheckKey(ctx); err != nil {
		return fmt.Errorf("the secret key %s does not belong to this database; restore it from a backup, or copy it from another node: %w",
			filepath.Join(a.Config.Data, keyFile), err)
	}
	return nil
}

// key returns the key for one purpose, from the secret of the instance.
func (a *App) key(purpose string) ([]byte, error) { return a.master.derive(purpose) }

// openFaces makes the site, the API and the pages of all rooms.
func (a *App) openFaces(ctx context.Context) error {
	key, err := a.key("pages")
	if err != nil {
		return err
	}
	bundle, err := i18n.New(a.words()...)
	if err != nil {
		return fmt.Errorf("translations: %w", err)
	}
	a.site, err = web.New(web.Deps{
		Bundle: bundle, Zone: a.Config.Zone, Language: a.Config.Language, Clock: a.Clock, Log: a.Log.With("module", "web"),
		Metrics: a.metrics, Sessions: a.identity, Registry: a.registry, Key: key, Org: a.identity.OrganisationName,
		Secure: a.secure(), Origin: origin(a.Config.PublicURL), TrustedProxies: a.Config.TrustedProxies, BodyLimit: a.Config.Limits.Body,
		RatePerSecond: a.Config.Limits.RequestsPerSecond, RateBurst: a.Config.Limits.Burst,
	})
	if err != nil {
		return err
	}
	a.api = api.New(a.site, a.Version)
	a.addPages()
	a.addProbes()
	return nil
}

// secure reports whether people reach the instance over HTTPS, by itself or through a proxy.
func (a *App) secure() bool {
	return a.Config.TLS.Enabled() || strings.HasPrefix(a.Config.PublicURL, "https://")
}

// origin is the scheme and host of an address; empty for an empty one.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Handler returns the whole site, for tests that need no listener.
func (a *App) Handler() http.Handler { return a.site.Handler() }

// Start starts all parts, the listener last, and returns when the instance is ready.
func (a *App) Start(ctx context.Context) error {
	if err := a.parts.start(ctx); err != nil {
		return err
	}
	a.Log.InfoContext(ctx, "ready", "addr", a.Addr(), "version", a.Version, "engine", string(a.db.Engine()))
	return nil
}

// Stop ends the instance: the listener first, then what runs behind it, each finishing its work until ctx ends.
func (a *App) Stop(ctx context.Context) {
	a.stopping.Store(true)
	a.parts.stop(ctx)
	if err := a.close(); err != nil {
		a.Log.ErrorContext(ctx, "the storage did not close cleanly", "error", err)
	}
}

func (a *App) close() error {
	var faults []error
	if a.db != nil {
		faults = append(faults, a.db.Close())
		a.db = nil
	}
	if a.lock != nil {
		faults = append(faults, a.lock.Release())
		a.lock = nil
	}
	return errors.Join(faults...)
}

// Addr returns the address a browser opens, e.g. http://127.0.0.1:8080.
func (a *App) Addr() string {
	if a.Config.PublicURL != "" {
		return a.Config.PublicURL
	}
	return a.listener.url()
}

// SetupURL returns the one-time link with which the first administrator is made; empty when there is one.
func (a *App) SetupURL() string {
	if a.setup == "" {
		return ""
	}
	return a.Addr() + "/setup/" + a.setup
}

// DB returns the storage.
func (a *App) DB() *db.DB { return a.db }
