package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Status is what a running instance says about itself.
type Status struct {
	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Address string    `json:"address"`
	Since   time.Time `json:"since"`
}

// TokenRequest asks for an API token.
type TokenRequest struct {
	Login string        `json:"login"`
	Name  string        `json:"name"`
	Life  time.Duration `json:"life"`
}

// Handler does what is asked through the socket. The text of its errors is shown to the operator.
type Handler interface {
	Status(ctx context.Context) (Status, error)
	IssueToken(ctx context.Context, r TokenRequest) (string, error)
	// Backup writes a whole backup to w.
	Backup(ctx context.Context, w io.Writer) error
}

// Server listens on the socket of one data directory. It is a part of the running program.
type Server struct {
	dir    string
	server *http.Server
	log    *slog.Logger
	done   chan struct{}
}

// NewServer returns a server for the data directory dir, which this process holds.
func NewServer(dir string, h Handler, log *slog.Logger) *Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", answer(func(r *http.Request) (any, error) { return h.Status(r.Context()) }))
	mux.HandleFunc("POST /token", answer(func(r *http.Request) (any, error) {
		var in TokenRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		return h.IssueToken(r.Context(), in)
	}))
	s := &Server{dir: dir, log: log}
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) { s.backup(w, r, h) })
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return s
}

// Start opens the socket.
func (s *Server) Start(ctx context.Context) error {
	path, err := place(s.dir)
	if err != nil {
		return fmt.Errorf("open the control socket: %w", err)
	}
	listener, err := listen(ctx, path)
	if err != nil {
		return fmt.Errorf("open the control socket: %w", err)
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the control socket ended", "error", err)
		}
	}()
	return nil
}

// listen opens the socket under a name nobody knows and gives it its own when its mode is right, so that there is
// no moment in which others could connect.
func listen(ctx context.Context, path string) (net.Listener, error) {
	hidden := path[:len(path)-1] + "~"
	if err := remove(hidden); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", hidden)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it has another name by then
	if err := errors.Join(os.Chmod(hidden, 0o600), os.Rename(hidden, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Stop finishes what was asked, until ctx ends, and removes the socket.
func (s *Server) Stop(ctx context.Context) {
	if s.done == nil {
		return
	}
	if err := s.server.Shutdown(ctx); err != nil {
		_ = s.server.Close() // what Shutdown left
	}
	<-s.done
	if abs, err := filepath.Abs(s.dir); err == nil {
		if err := clear(abs); err != nil {
			s.log.Warn("the control socket could not be removed", "error", err)
		}
	}
}

// reply is the body of every answer but a backup.
type reply struct {
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

func answer(do func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		v, err := do(r)
		send(w, v, err)
	}
}

func send(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	out := reply{Value: v}
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		out = reply{Error: err.Error()}
	}
	_ = json.NewEncoder(w).Encode(out) // the other end has gone; nobody is left to tell
}

// backup sends the backup as it is made. A failure in the middle breaks the connection off, so that the other
// end cannot take the part for the whole.
func (s *Server) backup(w http.ResponseWriter, r *http.Request, h Handler) {
	out := &begun{w: w}
	err := h.Backup(r.Context(), out)
	switch {
	case err == nil:
	case !out.yes:
		send(w, nil, err)
	default:
		s.log.Error("a backup failed", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// begun notes whether anything has been sent, after which the status of the answer is fixed.
type begun struct {
	w   io.Writer
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b.yes = true
	return b.w.Write(p)
}
