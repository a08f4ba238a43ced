package operator

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// SIGTERM under load finishes what was begun: whoever was let in gets an answer, and what was answered is stored.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	i := start(t, data)
	l := startLoad(t, newClient(t, i, token(t, data)), "stop")
	l.await(200)
	i.stop()
	l.end()
	for _, fault := range l.faults {
		t.Errorf("an answer during the stop: %s", fault)
	}
	s := look(t, filepath.Join(data, "tongban.db"))
	s.holds(t, l.kept)
	// A request that got no answer was never let in: nothing of it may be stored.
	for login := range l.unknown {
		if s.accounts[login] != 0 {
			t.Errorf("%s was done, but its caller got no answer", login)
		}
	}
	t.Logf("%d answered, %d not let in", len(l.kept), len(l.unknown))
	if !strings.Contains(i.log.String(), "stopping") {
		t.Errorf("the stop was not announced:\n%s", i.log)
	}
}

// The interrupt of a keyboard is the same.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	i := start(t, dataFolder(t))
	if err := i.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-i.ended
	if i.results != nil {
		t.Fatalf("%v\n%s", i.results, i.log)
	}
}

// A second signal does not wait for a request that will not end.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	i := start(t, dataFolder(t))
	conn, err := net.Dial("tcp", strings.TrimPrefix(i.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const request = "POST /api/v1/identity/accounts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	// "100 Continue" or a refusal: in either case the request has been let in, and its body never comes.
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, "the end of the process", func() bool {
		_ = i.cmd.Process.Signal(syscall.SIGTERM) // it fails only when the process has gone
		select {
		case <-i.ended:
			return true
		default:
			return false
		}
	})
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A second process on the data directory is refused, by name of the first.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	data := dataFolder(t)
	first := start(t, data)
	second, err := launch(t, "demo", data)
	if err == nil {
		t.Fatal("a second process runs on the same data directory")
	}
	want := "process " + itoa(first.cmd.Process.Pid)
	if log := second.log.String(); !strings.Contains(log, want) || !strings.Contains(log, data) {
		t.Errorf("the message lacks %q or the directory:\n%s", want, log)
	}
	if _, _, err := newClient(t, first, token(t, data)).create("still-there", "k"); errors.Is(err, syscall.ECONNREFUSED) {
		t.Error("the first process has gone")
	}
}
