package app

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"tongban/internal/app/system"
	systemweb "tongban/internal/app/system/web"
	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/events"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/jobs"
	"tongban/internal/kernel/live"
	"tongban/internal/kernel/module"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
	"tongban/internal/serve/portal"
	portalweb "tongban/internal/serve/portal/web"
	"tongban/internal/trust/audit"
	auditweb "tongban/internal/trust/audit/web"
	"tongban/internal/trust/identity"
	identityweb "tongban/internal/trust/identity/web"
)

// MigrationSets are the tables of the kernel and of all modules, in the order in which they are made.
func MigrationSets() []db.MigrationSet {
	return []db.MigrationSet{
		op.Migrations(), events.Migrations(), jobs.Migrations(), clock.Migrations(),
		audit.Migrations(), identity.Migrations(),
	}
}

// openRooms makes every module: the one list. A module stands after those it needs.
func (a *App) openRooms(context.Context) (err error) {
	if a.audit, err = audit.New(audit.Deps{DB: a.db, Ops: a.ops}); err != nil {
		return err
	}
	key, err := a.key("identity")
	if err != nil {
		return err
	}
	a.identity, err = identity.New(identity.Deps{
		DB: a.db, Ops: a.ops, Clock: a.Clock, Log: a.Log, Key: key,
		Sessions: identity.SessionPolicy{Idle: a.Config.Session.Idle, Absolute: a.Config.Session.Absolute},
	})
	if err != nil {
		return err
	}
	a.portal = portal.New(portal.Deps{Ops: a.ops, Clock: a.Clock, Organisation: a.identity, Calendars: a.calendars})
	a.system = system.New(system.Deps{
		DB: a.db, Ops: a.ops, Clock: a.Clock, Outbox: a.outbox, Jobs: a.jobs, Calendars: a.calendars, Version: a.Version,
		Backups: a.backups(),
	})
	a.modules = []module.Module{a.audit.Module(), a.identity.Module(), a.portal.Module(), a.system.Module()}
	return a.join()
}

// addPages registers the pages and API operations of every module. The menus show them in this order.
func (a *App) addPages() {
	systemweb.Register(a.site, systemweb.Deps{System: a.system, Identity: a.identity, Audit: a.audit})
	identityweb.Register(a.site, a.api, identityweb.Deps{Identity: a.identity, Audit: a.audit, Registry: a.registry})
	auditweb.Register(a.site, a.api, auditweb.Deps{Audit: a.audit, Registry: a.registry})
	portalweb.Register(a.site, portalweb.Deps{Portal: a.portal, Console: system.PermConsole})
	systemweb.Menu(a.site)
}

// join tells the kernel what the modules declare.
func (a *App) join() (err error) {
	var operations [][]op.Bound
	for _, m := range a.modules {
		operations = append(operations, m.Operations)
		if err := a.outbox.Subscribe(m.Subscriptions...); err != nil {
			return fmt.Errorf("module %s: %w", m.Name, err)
		}
		if err := a.jobs.Define(m.Jobs...); err != nil {
			return fmt.Errorf("module %s: %w", m.Name, err)
		}
	}
	if a.registry, err = op.NewRegistry(a.ops, operations...); err != nil {
		return err
	}
	a.identity.UseOperations(a.registry)
	a.live, err = live.New(live.Deps{
		Events: a.outbox, Clock: a.Clock, Log: a.Log.With("module", "live"), Metrics: a.metrics, Topics: []live.Topics{a.topicsOf},
	})
	return err
}

// topicsOf returns what an event moves on open pages.
func (a *App) topicsOf(e events.Event) []string {
	var names []string
	for _, m := range a.modules {
		for _, t := range m.Topics {
			if slices.Contains(t.Facts, e.Type) {
				names = append(names, t.Name)
			}
		}
	}
	return names
}

// words are the translations of the kernel and of all modules.
func (a *App) words() []fs.FS {
	folders := []fs.FS{i18n.Words, ui.Words, web.Words, clock.Words, events.Words, jobs.Words, live.Words}
	for _, m := range a.modules {
		folders = append(folders, m.Words)
	}
	return folders
}

// Modules returns the descriptions of all modules.
func (a *App) Modules() []module.Module { return a.modules }

// Operations returns all operations.
func (a *App) Operations() *op.Registry { return a.registry }

// Site returns the pages, for tools that walk them.
func (a *App) Site() *web.Site { return a.site }

// OpenAPI returns the document of the JSON API.
func (a *App) OpenAPI() ([]byte, error) { return a.api.Document() }

// Identity returns the identity module, for tests and commands.
func (a *App) Identity() *identity.Service { return a.identity }

// Audit returns the audit module, for tests and commands.
func (a *App) Audit() *audit.Service { return a.audit }
