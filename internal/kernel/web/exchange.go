package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"tongban/internal/kernel/clock"
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/ids"
	"tongban/internal/kernel/log"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// exchange is one request and its answer: what the Site knows of the one, and how far the other has got. It is the
// ResponseWriter of every handler.
type exchange struct {
	http.ResponseWriter
	status int
	began  bool // the head of the answer has gone, so that nothing else can be answered any more
	paced  bool // the handler sets the deadlines of its answer itself

	route   string // the pattern that serves the request; empty when none does
	api     bool   // answers are JSON, callers have tokens
	asset   bool   // a file everybody gets
	secure  bool   // the browser came over HTTPS
	addr    string // the client's
	nonce   string // of the page's scripts
	display ui.Display
}

// exchangeOf returns the exchange of a request's context; an empty one outside a request.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// pieceWithin is how long a client may take to accept one piece of an answer. Who reads more slowly holds a connection
// for nothing.
const pieceWithin = 2 * time.Minute

// WriteHeader remembers and passes on the status.
func (x *exchange) WriteHeader(status int) {
	x.pace()
	if status >= http.StatusOK && !x.began {
		x.status, x.began = status, true
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write passes on a piece of the answer.
func (x *exchange) Write(b []byte) (int, error) {
	x.pace()
	x.began = true
	return x.ResponseWriter.Write(b)
}

// FlushError sends what was written so far.
func (x *exchange) FlushError() error {
	x.began = true
	return http.NewResponseController(x.ResponseWriter).Flush()
}

// SetWriteDeadline leaves the pace to the handler from now on.
func (x *exchange) SetWriteDeadline(until time.Time) error {
	x.paced = true
	return http.NewResponseController(x.ResponseWriter).SetWriteDeadline(until)
}

func (x *exchange) pace() {
	if !x.paced { // the machine's clock, as the network knows no other
		_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(clock.System().Now().Add(pieceWithin)) // refused by writers of tests only
	}
}

// Unwrap lets http.ResponseController reach the connection, which streams need.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// withRequest gives the request its id, the client's address and the reader's language, and turns a panic of a
// handler into an error page.
func (s *Site) withRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, id := s.begin(w, r), ids.New()
		ctx := op.WithRequest(log.WithRequest(context.WithValue(r.Context(), exchangeKey, x), id), id)
		d := s.readDisplay(r.WithContext(ctx))
		x.display = d.Display
		r = r.WithContext(i18n.With(ctx, s.Bundle.Locale(d.lang, s.Zone)))
		if r.ProtoMajor == 1 {
			x.pace() // a connection still has the deadline of the request before
		}
		w.Header().Set("X-Request-Id", id)
		started := s.Clock.Now()
		defer func() { s.observe(r.Context(), x, r.Method, s.Clock.Now().Sub(started)) }()
		defer func() {
			if p := recover(); p != nil {
				s.panicked(x, r, p)
			}
		}()
		next.ServeHTTP(x, r)
	})
}

// begin finds out what there is to know before anything is done. Which route serves the request decides how it is
// protected, not how its address is spelt: /api/../form is no request to the API.
func (s *Site) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{ResponseWriter: w, status: http.StatusOK, addr: s.clientAddr(r), secure: s.overHTTPS(r)}
	if clean(r.URL.Path) && r.Method != http.MethodConnect {
		_, x.route = s.mux.Handler(r)
	}
	path := r.URL.Path
	if x.route != "" {
		path = x.route[strings.IndexByte(x.route, '/'):]
	}
	x.api = path == "/api" || strings.HasPrefix(path, "/api/")
	x.asset = x.route != "" && strings.HasPrefix(path, "/assets/")
	return x
}

// panicked answers for a handler that panicked. One that gave up an answer on purpose goes on giving it up.
func (s *Site) panicked(x *exchange, r *http.Request, p any) {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		abort()
	}
	s.Log.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	defer func() {
		if again := recover(); again != nil { // the error page panics too, or the answer has begun
			x.end(http.StatusInternalServerError)
		}
	}()
	s.fail(x, r, errs.Define(errs.Internal, errs.CodeInternal))
}

// end answers with a status alone, or breaks off what has begun.
func (x *exchange) end(status int) {
	if x.began {
		abort()
	}
	x.WriteHeader(status)
}

// abort breaks the connection off, so that the client does not take half an answer for the whole. There is no other
// way in net/http once an answer has begun.
func abort() { panic(http.ErrAbortHandler) }

// observe counts, times and logs the request, by its route: addresses hold what people searched for.
func (s *Site) observe(ctx context.Context, x *exchange, method string, took time.Duration) {
	s.metrics.total.WithLabelValues(x.route, strconv.Itoa(x.status)).Inc()
	s.metrics.seconds.WithLabelValues(x.route).Observe(took.Seconds())
	if !slices.Contains(methods, method) {
		method = "other"
	}
	s.Log.DebugContext(ctx, "request", "method", method, "route", x.route, "status", x.status, "took", took)
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions, http.MethodTrace, http.MethodConnect,
}
