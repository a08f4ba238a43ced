package events

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type meter struct {
	total *prometheus.CounterVec
	delay *prometheus.HistogramVec
}

func newMeter() meter {
	return meter{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tongban_events_total", Help: "Attempts to deliver an event, by subscription and outcome.",
		}, []string{"subscription", "outcome"}),
		delay: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tongban_events_delay_seconds", Help: "Time from a fact to the end of the reaction to it.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 5, 60, 600},
		}, []string{"subscription"}),
	}
}

func (m meter) register(r prometheus.Registerer) error {
	return errors.Join(r.Register(m.total), r.Register(m.delay))
}

func (m meter) delivered(subscription, outcome string, delay time.Duration) {
	m.total.WithLabelValues(subscription, outcome).Inc()
	if outcome == "done" {
		m.delay.WithLabelValues(subscription).Observe(delay.Seconds())
	}
}
