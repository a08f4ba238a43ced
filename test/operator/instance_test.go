package operator

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen at once, on a machine that has other things to do.
const patience = time.Minute

// instance is the program, running.
type instance struct {
	t       testing.TB
	cmd     *exec.Cmd
	data    string
	url     string
	log     *buffer
	ended   chan struct{}
	ready   time.Duration // from the start of the process to the address
	results error         // of Wait; to be read after ended
}

// buffer is written by a process and read by the test.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs a demo on the data directory and returns when it has printed its address, which it does when it is
// ready.
func start(t testing.TB, data string) *instance {
	t.Helper()
	return startAs(t, "demo", data)
}

func startAs(t testing.TB, command, data string) *instance {
	t.Helper()
	i, err := launch(t, command, data)
	if err != nil {
		t.Fatalf("%v\n%s", err, i.log)
	}
	return i
}

var address = regexp.MustCompile(`Open\s+(https?://\S+)`)

// launch is start for a program that may not get ready. The limit on one address is off: the tests are one address.
func launch(t testing.TB, command, data string) (*instance, error) {
	t.Helper()
	i := &instance{t: t, data: data, log: &buffer{}, ended: make(chan struct{})}
	i.cmd = exec.Command(binary(t), command, "--data", data, "--addr", "127.0.0.1:0",
		"--set", "limits.requests_per_second=0", "--set", "backup.at=never")
	i.cmd.Dir = t.TempDir()
	i.cmd.Stderr = i.log
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := i.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		defer close(found)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
		}
		io.Copy(i.log, out) // what a Scanner leaves of a line too long
	}()
	go func() {
		<-drained
		i.results = i.cmd.Wait()
		close(i.ended)
	}()
	t.Cleanup(func() { i.cmd.Process.Kill(); <-i.ended })
	select {
	case url, ok := <-found:
		if !ok {
			<-i.ended
			return i, i.results
		}
		i.url, i.ready = url, time.Since(began)
	case <-time.After(patience):
		t.Fatalf("the program did not get ready\n%s", i.log)
	}
	return i, nil
}

// kill ends the process as a power cut would end it.
func (i *instance) kill() {
	i.t.Helper()
	if err := i.cmd.Process.Kill(); err != nil {
		i.t.Fatal(err)
	}
	<-i.ended
}

// stop ends the process gracefully.
func (i *instance) stop() {
	i.t.Helper()
	if err := i.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		i.t.Fatal(err)
	}
	select {
	case <-i.ended:
	case <-time.After(patience):
		i.t.Fatalf("the program did not stop\n%s", i.log)
	}
	if i.results != nil {
		i.t.Fatalf("the stop: %v\n%s", i.results, i.log)
	}
}

// run runs a command of the program to its end and returns what it printed.
func run(t testing.TB, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), args...)
	cmd.Dir = t.TempDir()
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	if err := cmd.Run(); err != nil {
		return out.String() + faults.String(), err
	}
	return out.String(), nil
}

func must(t testing.TB, args ...string) string {
	t.Helper()
	out, err := run(t, args...)
	if err != nil {
		t.Fatalf("tongban %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// admin is the demo's system administrator.
const admin = "zhaoyu"

// token returns a token of the demo's system administrator.
func token(t testing.TB, data string) string {
	t.Helper()
	return strings.TrimSpace(must(t, "token", "--as", admin, "--data", data))
}

// client calls the JSON API of an instance.
type client struct {
	http  *http.Client
	url   string
	token string
}

func newClient(t testing.TB, i *instance, bearer string) *client {
	c := &client{url: i.url, token: bearer, http: &http.Client{
		Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// create makes an account; the error is of the connection, and says that nobody knows whether it was made.
func (c *client) create(login, key string) (status int, body string, err error) {
	// An account of a program has no password, whose slow hash would be all that a test under load measures.
	raw, err := json.Marshal(map[string]string{"login": login, "name": "负载 " + login, "kind": "service"})
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequest(http.MethodPost, c.url+"/api/v1/identity/accounts", bytes.NewReader(raw))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Idempotency-Key", key)
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

// acknowledged reports a status that promises that the account is stored.
func acknowledged(status int) bool { return status >= 200 && status < 300 }

// dataFolder returns the path of a data directory that does not exist yet. A data directory on a real disk shows
// more than one in memory, so TONGBAN_BENCH_DIR may name where.
func dataFolder(t testing.TB) string {
	t.Helper()
	root := os.Getenv("TONGBAN_BENCH_DIR")
	if root == "" {
		return filepath.Join(t.TempDir(), "data")
	}
	dir, err := os.MkdirTemp(root, "operator-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}
