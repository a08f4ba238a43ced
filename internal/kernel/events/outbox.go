package events

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
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
func Migrations() db.MigrationSet { return db.MigrationSet{Module: "events", FS: migrations} }

// Origin says when, by whom and in which request facts came to be.
type Origin struct {
	At        time.Time
	ActorID   string
	RequestID string
}

// Deps is what an Outbox needs. Zero durations stand for the defaults.
type Deps struct {
	DB      *db.DB
	Clock   clock.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Node    string // names this node in leases, for people; two nodes of one name do not disturb each other

	// As makes the context a reaction acts in: op.AsSystem. It is called with the subscription's name. Nil
	// leaves the context without an actor.
	As func(ctx context.Context, part string) context.Context

	Poll          time.Duration // how often a node looks for what other nodes did; default 250 ms
	HandleTimeout time.Duration // how long one reaction to one event may take; default 10 s
	Lease         time.Duration // how long a dead node keeps its subscriptions; default 30 s, at least 3 × HandleTimeout
}

// Outbox stores facts and delivers them to subscriptions. It is safe for concurrent use.
type Outbox struct {
	Deps
	owner string // this Outbox among all of all nodes
	meter meter

	wake    chan struct{} // look now
	seen    atomic.Int64  // positions up to here are known to the deliveries of this node
	killed  atomic.Bool   // tests only: end as a crash would
	mu      sync.Mutex    // guards what follows
	subs    map[string]*delivery
	changed chan struct{} // closed and replaced when there are new events to follow
	stage   stage
	quit    chan struct{}      // closed by Stop: take nothing new
	cancel  context.CancelFunc // ends what still runs
	done    chan struct{}      // closed when every goroutine has ended
}

// ownerMark stands between the node's name and what tells this Outbox from others in the owner of a lease.
const ownerMark = " #"

type stage int

const (
	fresh stage = iota
	started
	stopped
)

// New returns an Outbox. Facts can be put at once; deliveries begin with Start.
func New(d Deps) (*Outbox, error) {
	if d.Poll <= 0 {
		d.Poll = 250 * time.Millisecond
	}
	if d.HandleTimeout <= 0 {
		d.HandleTimeout = 10 * time.Second
	}
	if d.Lease <= 0 {
		d.Lease = 3 * d.HandleTimeout
	}
	if d.Lease < 3*d.HandleTimeout {
		return nil, fmt.Errorf("events: a lease of %s is too short for reactions of %s", d.Lease, d.HandleTimeout)
	}
	if d.As == nil {
		d.As = func(ctx context.Context, _ string) context.Context { return ctx }
	}
	o := &Outbox{
		Deps: d, owner: d.Node + ownerMark + ids.New(), meter: newMeter(),
		wake: make(chan struct{}, 1), subs: map[string]*delivery{},
		changed: make(chan struct{}), quit: make(chan struct{}), done: make(chan struct{}),
	}
	if err := o.meter.register(d.Metrics); err != nil {
		return nil, fmt.Errorf("register event metrics: %w", err)
	}
	return o, nil
}

var (
	typeForm = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	nameForm = regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
)

// Subscribe adds reactions. It has to be called before Start, and refuses a name that stands already.
func (o *Outbox) Subscribe(subs ...Subscription) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stage != fresh {
		return errors.New("events: Subscribe after Start")
	}
	for _, s := range subs {
		if !nameForm.MatchString(s.Name) || s.Handle == nil || len(s.Types) == 0 || len(s.Types) > db.MaxIn/2 {
			return fmt.Errorf("events: subscription %q needs a name module.what, types and a handler", s.Name)
		}
		for _, t := range s.Types {
			if !typeForm.MatchString(t) {
				return fmt.Errorf("events: subscription %q wants %q, which is no type", s.Name, t)
			}
		}
		if _, twice := o.subs[s.Name]; twice {
			return fmt.Errorf("events: subscription %q is declared twice", s.Name)
		}
		o.subs[s.Name] = newDelivery(o, s)
	}
	return nil
}

// names returns the names of the subscriptions, sorted.
func (o *Outbox) names() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.subs))
}

// Put writes facts into the outbox in the caller's transaction. Whoever is subscribed gets them after its
// commit, on this node at once.
func (o *Outbox) Put(ctx context.Context, q db.Querier, origin Origin, facts ...Fact) error {
	if len(facts) == 0 {
		return nil
	}
	seqs, err := reserve(ctx, q, facts)
	if err != nil {
		return err
	}
	for _, f := range facts {
		data := []byte("{}")
		if f.Data != nil {
			if data, err = json.Marshal(f.Data); err != nil {
				return fmt.Errorf("encode fact %s: %w", f.Type, err)
			}
		}
		e := Event{
			ID: ids.New(), Type: f.Type, Subject: f.Subject, Seq: seqs[f.Subject], Data: data,
			At: origin.At, ActorID: origin.ActorID, RequestID: origin.RequestID,
		}
		seqs[f.Subject]++
		if err := insertEvent(ctx, q, e); err != nil {
			return err
		}
	}
	db.AfterCommit(ctx, o.look)
	return nil
}

// reserve takes the next numbers of each subject and returns the first of them. The subjects are taken in one
// order, so that transactions wait for each other instead of deadlocking.
func reserve(ctx context.Context, q db.Querier, facts []Fact) (map[string]int64, error) {
	count := map[string]int64{}
	for _, f := range facts {
		if !typeForm.MatchString(f.Type) || f.Subject == "" {
			return nil, fmt.Errorf("events: a fact needs a type module.what_happened and a subject, got %q of %q", f.Type, f.Subject)
		}
		count[f.Subject]++
	}
	first := make(map[string]int64, len(count))
	for _, subject := range slices.Sorted(maps.Keys(count)) {
		last, err := nextSeq(ctx, q, subject, count[subject])
		if err != nil {
			return nil, err
		}
		first[subject] = last - count[subject] + 1
	}
	return first, nil
}

// look makes this node look for new facts and due retries now.
func (o *Outbox) look() { ring(o.wake) }

// ring wakes whoever waits on a channel with one place; a second ring before that is the same ring.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
