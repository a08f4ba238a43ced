package app

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// addProbes registers what machines ask for: liveness, readiness, metrics, the live stream and the icon browsers
// look for by themselves.
func (a *App) addProbes() {
	a.site.Handle("GET /healthz", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }))
	a.site.Handle("GET /readyz", http.HandlerFunc(a.ready))
	if a.Config.Metrics.Addr == "" {
		a.site.Handle("GET /metrics", a.metricsHandler())
	}
	a.site.Page("GET /live", ui.Plain, a.serveLive)
	a.site.Handle("GET /favicon.ico", http.HandlerFunc(favicon))
}

// favicon is the mark, for browsers that look for it by themselves.
func favicon(w http.ResponseWriter, _ *http.Request) {
	body, contentType := ui.AssetBytes("mark.svg")
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(body) // a browser that went away misses nothing
}

func answer(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": word}) // a probe that went away misses nothing
}

// ready says whether this node can serve: the storage answers and the node is not stopping.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if a.stopping.Load() {
		answer(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	if err := a.db.Ping(ctx); err != nil {
		a.Log.WarnContext(ctx, "not ready", "error", err)
		answer(w, http.StatusServiceUnavailable, "storage_down")
		return
	}
	answer(w, http.StatusOK, "ready")
}

// metricsHandler serves the metrics to whoever has the configured token, or, without one, to this machine only.
func (a *App) metricsHandler() http.Handler {
	h := promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.mayScrape(r) {
			answer(w, http.StatusForbidden, "denied")
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (a *App) mayScrape(r *http.Request) bool {
	if want := a.Config.Metrics.Token.Reveal(); want != "" {
		got, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
	}
	if len(a.Config.TrustedProxies) > 0 {
		return false // everything may come through them
	}
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		if _, forwarded := r.Header[name]; forwarded {
			return false // it came through a proxy of this machine, from anywhere
		}
	}
	return loopback(r.RemoteAddr) && loopback(r.Host)
}

// loopback reports whether an address with a port is this machine's own.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// serveLive streams what moves on the topics a page watches, to those who may see them.
func (a *App) serveLive(w http.ResponseWriter, r *http.Request) error {
	topics := r.URL.Query()["topic"]
	actor := op.ActorFrom(r.Context())
	for _, name := range topics {
		if !a.mayWatch(actor, name) {
			return op.ErrDenied
		}
	}
	return a.live.Serve(w, r, topics)
}

func (a *App) mayWatch(actor op.Actor, name string) bool {
	for _, m := range a.modules {
		for _, t := range m.Topics {
			if t.Name == name {
				return actor.Kind != op.Anonymous && (t.Permission == "" || actor.Can(t.Permission))
			}
		}
	}
	return false
}

// exportStats exports the counters of the storage.
func (a *App) exportStats() error {
	for name, read := range map[string]func(db.Stats) float64{
		"tongban_db_writes_total":       func(s db.Stats) float64 { return float64(s.Writes) },
		"tongban_db_groups_total":       func(s db.Stats) float64 { return float64(s.Groups) },
		"tongban_db_retries_total":      func(s db.Stats) float64 { return float64(s.Retries) },
		"tongban_db_wait_seconds_total": func(s db.Stats) float64 { return s.WaitTotal.Seconds() },
		"tongban_db_reader_waits_total": func(s db.Stats) float64 { return float64(s.ReadWaits) },
	} {
		c := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: "Storage, since the start."},
			func() float64 { return read(a.db.Stats()) })
		if err := a.metrics.Register(c); err != nil {
			return err
		}
	}
	return a.metrics.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tongban_db_queued", Help: "Writes that wait now."},
		func() float64 { return float64(a.db.Stats().Queued) }))
}
