package jobs

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type meter struct {
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	delay   *prometheus.HistogramVec
	running prometheus.Gauge
}

func newMeter() meter {
	return meter{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tongban_jobs_total", Help: "Attempts at background jobs, by kind and outcome.",
		}, []string{"kind", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tongban_jobs_seconds", Help: "Time an attempt took.",
			Buckets: []float64{.01, .05, .1, .5, 1, 5, 30, 60, 300},
		}, []string{"kind"}),
		delay: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tongban_jobs_delay_seconds", Help: "Time from when a job was due to when it was begun.",
			Buckets: []float64{.01, .05, .1, .5, 1, 5, 30, 60, 600},
		}, []string{"kind"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tongban_jobs_running", Help: "Background jobs that run on this node now.",
		}),
	}
}

func (m meter) register(r prometheus.Registerer) error {
	return errors.Join(r.Register(m.total), r.Register(m.seconds), r.Register(m.delay), r.Register(m.running))
}
