package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"tongban/internal/kernel/config"
)

// listener serves HTTP on one address.
type listener struct {
	addr   string
	tls    *tls.Config // nil: plain HTTP, for a machine's own use or behind a proxy that ends TLS
	server *http.Server
	socket net.Listener
	log    *slog.Logger
	done   chan struct{}
	before func(ctx context.Context) // ends streams, which Stop would else wait for; may be nil
}

func newListener(addr string, handler http.Handler, conf *tls.Config, log *slog.Logger) *listener {
	return &listener{addr: addr, tls: conf, log: log, done: make(chan struct{}), server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// Start opens the address and serves.
func (l *listener) Start(ctx context.Context) error {
	socket, err := new(net.ListenConfig).Listen(ctx, "tcp", l.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the address %s is in use by another program; stop it or choose another with --addr", l.addr)
	}
	if errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("this user may not listen on %s; choose a port above 1023 with --addr", l.addr)
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", l.addr, err)
	}
	if l.tls != nil {
		socket = tls.NewListener(socket, l.tls)
	}
	l.socket = socket
	go func() {
		defer close(l.done)
		if err := l.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			l.log.Error("the listener ended", "error", err)
		}
	}()
	return nil
}

// Stop takes no new requests and waits for those under way until ctx ends.
func (l *listener) Stop(ctx context.Context) {
	if l.socket == nil {
		return
	}
	if l.before != nil {
		l.before(ctx)
	}
	if err := l.server.Shutdown(ctx); err != nil {
		l.log.Warn("requests were cut off at the stop", "error", err)
		_ = l.server.Close() // what Shutdown left
	}
	<-l.done
}

// url returns the address a browser opens.
func (l *listener) url() string {
	scheme := "http://"
	if l.tls != nil {
		scheme = "https://"
	}
	if l.socket == nil {
		return scheme + l.addr
	}
	host, port, err := net.SplitHostPort(l.socket.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + net.JoinHostPort(host, port)
}

// loadTLS returns the TLS of the configured certificate, which is read again for new connections when its file
// changes, so that a renewal needs no restart. Nil without a certificate.
func loadTLS(c config.TLS) (*tls.Config, error) {
	if !c.Enabled() {
		return nil, nil
	}
	if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
		return nil, fmt.Errorf("the certificate %s with key %s cannot be used: %w", c.Cert, c.Key, err)
	}
	return &tls.Config{
		MinVersion:     c.MinVersion,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: (&certFile{cert: c.Cert, key: c.Key}).get,
	}, nil
}
