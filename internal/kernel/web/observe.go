package web

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type httpMetrics struct {
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	refused *prometheus.CounterVec
}

// Why a write was refused before anybody looked at it.
const (
	refusedCrossSite = "cross_site" // the browser says that another site sent it
	refusedFormToken = "form_token" // it has no token of a page of this browser
)

func newHTTPMetrics(reg prometheus.Registerer) (*httpMetrics, error) {
	m := &httpMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tongban_http_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tongban_http_request_seconds", Help: "Server time of a request by route.",
			Buckets: []float64{.001, .0025, .005, .01, .02, .05, .1, .25, 1, 5},
		}, []string{"route"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tongban_http_refused_total", Help: "Writes refused because they did not come from a page of this site, by reason.",
		}, []string{"reason"}),
	}
	for _, reason := range []string{refusedCrossSite, refusedFormToken} {
		m.refused.WithLabelValues(reason) // so that the first one is an increase
	}
	if err := errors.Join(reg.Register(m.total), reg.Register(m.seconds), reg.Register(m.refused)); err != nil {
		return nil, fmt.Errorf("register request metrics: %w", err)
	}
	return m, nil
}
