package operator

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/ids"
)

// load creates accounts from many callers and remembers what it was promised.
type load struct {
	t       testing.TB
	client  *client
	prefix  string
	writers sync.WaitGroup
	stop    chan struct{}
	count   atomic.Int64

	mu      sync.Mutex
	kept    map[string]string // login → key, of the acknowledged
	unknown map[string]string // login → key, of those whose answer never came
	faults  []string          // answers that are neither
}

const writers = 16

// startLoad begins to create accounts, by 16 callers at once.
func startLoad(t testing.TB, c *client, prefix string) *load {
	l := &load{t: t, client: c, prefix: prefix, stop: make(chan struct{}), kept: map[string]string{}, unknown: map[string]string{}}
	for range writers {
		l.writers.Go(l.write)
	}
	return l
}

func (l *load) write() {
	for {
		select {
		case <-l.stop:
			return
		default:
		}
		login, key := fmt.Sprintf("%s-%d", l.prefix, l.count.Add(1)), ids.New()
		status, body, err := l.client.create(login, key)
		l.note(login, key, status, body, err)
		if err != nil {
			return // the program has gone
		}
	}
}

func (l *load) note(login, key string, status int, body string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.unknown[login] = key
	case acknowledged(status):
		l.kept[login] = key
	default:
		l.faults = append(l.faults, fmt.Sprintf("%s: %d %s", login, status, body))
	}
}

// done returns how many were acknowledged so far.
func (l *load) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kept)
}

// await waits until n are acknowledged.
func (l *load) await(n int) {
	l.t.Helper()
	eventually(l.t, fmt.Sprintf("%d acknowledged accounts", n), func() bool { return l.done() >= n })
}

// end stops the callers and waits for their last answers.
func (l *load) end() {
	close(l.stop)
	l.writers.Wait()
}

// eventually waits until done reports true.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// stored is what the database says of accounts.
type stored struct {
	accounts map[string]int // by login
	audited  map[string]int // done creations, by login
}

// look reads the database of a stopped instance.
func look(t testing.TB, path string) stored {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Check(context.Background()); err != nil {
		t.Fatalf("the database is damaged: %v", err)
	}
	return stored{
		accounts: tally(t, d, "/* operator.accounts */ select login, count(*) from identity_account group by login"),
		audited: tally(t, d, `/* operator.audited */ select a.login, count(*) from audit_entry e
			join audit_change c on c.entry_id = e.id join identity_account a on a.id = c.thing_id
			where e.op = 'identity.account.create' and e.outcome = 'done' group by a.login`),
	}
}

func tally(t testing.TB, d *db.DB, query string) map[string]int {
	t.Helper()
	rows, err := d.Reader().QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		counts[name] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}

// holds checks that everything acknowledged is stored once and audited once, and nothing at all is there twice.
func (s stored) holds(t testing.TB, acknowledged map[string]string) {
	t.Helper()
	for login := range acknowledged {
		if s.accounts[login] != 1 {
			t.Errorf("acknowledged account %s is stored %d times", login, s.accounts[login])
		}
		if s.audited[login] != 1 {
			t.Errorf("acknowledged account %s is audited %d times", login, s.audited[login])
		}
	}
	for login, n := range s.accounts {
		if n != 1 || s.audited[login] > 1 {
			t.Errorf("account %s is stored %d times and audited %d times", login, n, s.audited[login])
		}
	}
}
