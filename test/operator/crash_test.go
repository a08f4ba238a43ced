package operator

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
)

// A crash at any moment loses nothing that was acknowledged: the process is killed under load, again and again on
// one data directory, and what it had promised is compared with what is stored.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := 5
	if testing.Short() {
		rounds = 2
	}
	data := dataFolder(t)
	kept := map[string]string{}
	unknown := map[string]string{}
	for round := range rounds {
		i := start(t, data)
		c := newClient(t, i, token(t, data))
		retry(t, c, unknown, kept)
		l := startLoad(t, c, fmt.Sprintf("crash-%d", round))
		// The moment of the kill differs each time: some number of writes later, in the middle of others.
		l.await(20 + rand.IntN(300))
		i.kill()
		l.end()
		for _, fault := range l.faults {
			t.Errorf("an answer under load: %s", fault)
		}
		maps.Copy(kept, l.kept)
		unknown = l.unknown
		look(t, filepath.Join(data, "tongban.db")).holds(t, kept)
		token(t, data) // the socket that the dead process left is no running instance
		t.Logf("round %d: %d acknowledged, %d of unknown fate, ready after %s", round+1, len(l.kept), len(unknown), i.ready)
	}
	i := start(t, data)
	c := newClient(t, i, token(t, data))
	retry(t, c, unknown, kept)
	retry(t, c, kept, kept) // what was done must not be done again
	i.stop()
	look(t, filepath.Join(data, "tongban.db")).holds(t, kept)
}

// retry repeats requests with their keys, as a client does whose answer never came. Each ends up done exactly once:
// made now, or answered as the first time.
func retry(t *testing.T, c *client, requests, kept map[string]string) {
	t.Helper()
	for login, key := range requests {
		status, body, err := c.create(login, key)
		if err != nil {
			t.Fatalf("retry %s: %v", login, err)
		}
		if !acknowledged(status) && status != http.StatusConflict {
			t.Errorf("retry %s: %d %s", login, status, body)
		}
		kept[login] = key
	}
}

// A backup under load is one consistent moment, and whole.
func TestOnlineBackup(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	i := start(t, data)
	l := startLoad(t, newClient(t, i, token(t, data)), "online")
	l.await(100)
	before := l.done()
	path := filepath.Join(t.TempDir(), "online.backup")
	t.Log(must(t, "backup", path, "--data", data))
	after := l.done()
	l.end()
	i.stop()
	if after == before {
		t.Error("the backup held up the writers")
	}
	t.Log(must(t, "verify", "--deep", path))
	restored := filepath.Join(t.TempDir(), "restored")
	must(t, "restore", path, "--data", restored)
	s := look(t, filepath.Join(restored, "tongban.db"))
	made := 0
	for login := range s.accounts {
		if _, ours := l.kept[login]; ours {
			made++
		}
	}
	// What had been acknowledged when the backup began is in it, and each account with its audit entry.
	if made < before {
		t.Errorf("%d accounts are in the backup, %d were acknowledged before it", made, before)
	}
	for login := range s.accounts {
		if _, ours := l.kept[login]; ours && s.audited[login] != 1 {
			t.Errorf("account %s is audited %d times", login, s.audited[login])
		}
	}
}
