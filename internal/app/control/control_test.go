package control_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tongban/internal/app/control"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake answers as the tests want.
type fake struct {
	asked control.TokenRequest
	part  string // what a backup writes before it fails
	fail  error
}

func (f *fake) Status(context.Context) (control.Status, error) {
	return control.Status{Version: "1.2.3", PID: 7, Address: "http://127.0.0.1:1"}, f.fail
}

func (f *fake) IssueToken(_ context.Context, r control.TokenRequest) (string, error) {
	f.asked = r
	return "tb_secret", f.fail
}

func (f *fake) Backup(_ context.Context, w io.Writer) error {
	if _, err := io.WriteString(w, f.part); err != nil {
		return err
	}
	return f.fail
}

func serve(t *testing.T, dir string, f *fake) *control.Client {
	t.Helper()
	s := control.NewServer(dir, f, slog.New(slog.DiscardHandler))
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop(context.Background())
		if _, err := control.Dial(context.Background(), dir); !errors.Is(err, control.ErrNotRunning) {
			t.Errorf("after the stop: %v", err)
		}
	})
	c, err := control.Dial(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAsking(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{part: "the whole backup"}
	dir := t.TempDir()
	c := serve(t, dir, f)
	if s, err := c.Status(ctx); err != nil || s.Version != "1.2.3" || s.PID != 7 {
		t.Fatalf("%+v, %v", s, err)
	}
	want := control.TokenRequest{Login: "admin", Name: "script", Life: time.Hour}
	if token, err := c.IssueToken(ctx, want); err != nil || token != "tb_secret" || f.asked != want {
		t.Fatalf("%q, %v, asked for %+v", token, err, f.asked)
	}
	var got bytes.Buffer
	if err := c.Backup(ctx, &got); err != nil || got.String() != f.part {
		t.Fatalf("%q, %v", got.String(), err)
	}
	info, err := os.Stat(filepath.Join(dir, "control.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := &fake{fail: errors.New("there is no account nobody")}
	c := serve(t, t.TempDir(), f)
	if _, err := c.IssueToken(ctx, control.TokenRequest{}); err == nil || err.Error() != f.fail.Error() {
		t.Fatal(err)
	}
	if err := c.Backup(ctx, io.Discard); err == nil || err.Error() != f.fail.Error() {
		t.Fatal(err)
	}
	f.part = strings.Repeat("half a backup", 10_000)
	if err := c.Backup(ctx, io.Discard); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Fatalf("a part was taken for the whole: %v", err)
	}
}

// A path too long for a socket leads through a pointer file.
func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Run("serve", func(t *testing.T) {
		if s, err := serve(t, dir, &fake{}).Status(context.Background()); err != nil || s.PID != 7 {
			t.Fatalf("%+v, %v", s, err)
		}
	})
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Fatalf("left behind: %v, %v", entries, err)
	}
}

// What a killed process left is no running instance, and in nobody's way.
func TestAStaleSocket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := control.Dial(context.Background(), dir); !errors.Is(err, control.ErrNotRunning) {
		t.Fatal(err)
	}
	dead := control.NewServer(dir, &fake{}, slog.New(slog.DiscardHandler))
	if err := dead.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "control.sock")
	if err := os.Rename(path, path+".kept"); err != nil {
		t.Fatal(err)
	}
	dead.Stop(context.Background())
	if err := os.Rename(path+".kept", path); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Dial(context.Background(), dir); !errors.Is(err, control.ErrNotRunning) {
		t.Fatal(err)
	}
	serve(t, dir, &fake{})
}

func TestStopUnstarted(t *testing.T) {
	t.Parallel()
	s := control.NewServer(t.TempDir(), &fake{}, slog.New(slog.DiscardHandler))
	s.Stop(context.Background())
	s.Stop(context.Background())
}
