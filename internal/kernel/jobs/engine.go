package jobs

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
)

//go:embed migrations
var migrations embed.FS

// Words are the texts of this package in the languages of the program.
//
//go:embed locales
var Words embed.FS

// Migrations are the tables of this package.
func Migrations() db.MigrationSet { return db.MigrationSet{Module: "jobs", FS: migrations} }

// Deps is what an Engine needs. Zero numbers and durations stand for the defaults.
type Deps struct {
	DB      *db.DB
	Clock   clock.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Node    string // names this node in leases, for people; two nodes of one name do not disturb each other

	// As makes the context a job runs in: op.AsSystem. It is called with the kind. Nil leaves the context without
	// an actor.
	As func(ctx context.Context, part string) context.Context

	Workers    int           // jobs run at once on this node; default 8, at most 256
	Poll       time.Duration // how often a node looks for due work; default 500 ms
	Lease      time.Duration // how long a dead node keeps its jobs; default 30 s
	Keep       time.Duration // how long done and cancelled jobs are kept; default 14 days
	KeepFailed time.Duration // how long failed jobs are kept; default 90 days
}

const maxWorkers = 256

// Engine stores background work and runs it. It is safe for concurrent use.
type Engine struct {
	Deps
	owner string // this Engine among all of all nodes
	meter meter
	wake  chan struct{}
	quit  chan struct{} // ends the loop whatever still runs
	done  chan struct{} // closed when the loop has ended

	mu       sync.Mutex // guards what follows
	defs     map[string]Definition
	kinds    []any // of defs, from Start on
	stage    stage
	cancel   context.CancelFunc
	running  map[*run]bool // every run whose end is not stored yet
	ended    []ending
	draining bool

	// The rest belongs to the loop.
	nextBeat time.Time
	looked   time.Time // when it last looked for due work
	more     bool      // the last claim took all it could
	failing  bool
}

type stage int

const (
	fresh stage = iota
	started
	stopped
)

// New returns an Engine. Jobs of defined kinds can be enqueued at once; they run from Start on.
func New(d Deps) (*Engine, error) {
	d.Workers = orElse(d.Workers, 8)
	d.Poll = orElse(d.Poll, 500*time.Millisecond)
	d.Lease = orElse(d.Lease, 30*time.Second)
	d.Keep = orElse(d.Keep, 14*24*time.Hour)
	d.KeepFailed = orElse(d.KeepFailed, 90*24*time.Hour)
	if d.Workers > maxWorkers || d.Lease < 4*d.Poll {
		return nil, fmt.Errorf("jobs: %d workers or a lease of %s is out of bounds", d.Workers, d.Lease)
	}
	if d.As == nil {
		d.As = func(ctx context.Context, _ string) context.Context { return ctx }
	}
	e := &Engine{
		Deps: d, owner: d.Node + ownerMark + ids.New(), meter: newMeter(),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
		defs: map[string]Definition{}, running: map[*run]bool{},
	}
	if err := e.meter.register(d.Metrics); err != nil {
		return nil, fmt.Errorf("register job metrics: %w", err)
	}
	return e, e.Define(e.purging())
}

// ownerMark stands between the node's name and what tells this Engine from others in the owner of a lease.
const ownerMark = " #"

func orElse[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

var kindForm = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)

// Define adds kinds of work. It has to be called before Start, and refuses a kind that stands already.
func (e *Engine) Define(defs ...Definition) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stage != fresh {
		return errors.New("jobs: Define after Start")
	}
	for _, d := range defs {
		if !kindForm.MatchString(d.Kind) || d.Run == nil {
			return fmt.Errorf("jobs: definition %q needs a kind module.what and something to run", d.Kind)
		}
		if _, twice := e.defs[d.Kind]; twice {
			return fmt.Errorf("jobs: kind %q is defined twice", d.Kind)
		}
		d.MaxAttempts = orElse(d.MaxAttempts, 10)
		d.Timeout = orElse(d.Timeout, 5*time.Minute)
		e.defs[d.Kind] = d
	}
	if len(e.defs) > db.MaxIn/2 {
		return errors.New("jobs: too many kinds")
	}
	return nil
}

func (e *Engine) def(kind string) (Definition, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, ok := e.defs[kind]
	return d, ok
}

// Enqueue stores a job in the caller's transaction and returns its id. It runs after the commit, on this node at
// once when a worker is free. When an unfinished job of the kind has the same unique key, also one that is running,
// nothing is stored and the id is that job's.
func (e *Engine) Enqueue(ctx context.Context, q db.Querier, j Job) (string, error) {
	if _, ok := e.def(j.Kind); !ok {
		return "", fmt.Errorf("jobs: kind %q is not defined", j.Kind)
	}
	args := []byte("{}")
	if j.Args != nil {
		var err error
		if args, err = json.Marshal(j.Args); err != nil {
			return "", fmt.Errorf("encode job %s: %w", j.Kind, err)
		}
	}
	now := e.Clock.Now()
	if j.At.IsZero() {
		j.At = now
	}
	id, err := insertJob(ctx, q, ids.New(), j, string(args), now)
	if err != nil {
		return "", err
	}
	db.AfterCommit(ctx, e.ring)
	return id, nil
}

// ring makes the loop look now; a second ring before that is the same ring.
func (e *Engine) ring() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
