package app

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"tongban/internal/kernel/log"
)

// tracing sends spans to a collector by OTLP over HTTP, when one is configured.
type tracing struct {
	provider *sdktrace.TracerProvider // nil when nothing is exported
}

// newTracing returns the tracing for a collector's address; an empty one exports nothing.
func newTracing(ctx context.Context, endpoint string, headers map[string]log.Secret, version string) (*tracing, error) {
	if endpoint == "" {
		return &tracing{}, nil
	}
	plain := make(map[string]string, len(headers))
	for name, value := range headers {
		plain[name] = value.Reveal()
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint), otlptracehttp.WithHeaders(plain))
	if err != nil {
		return nil, fmt.Errorf("open the trace export to %s: %w", endpoint, err)
	}
	return &tracing{provider: sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "tongban"), attribute.String("service.version", version))),
	)}, nil
}

func (t *tracing) tracer() trace.Tracer {
	if t.provider == nil {
		return noop.NewTracerProvider().Tracer("tongban")
	}
	return t.provider.Tracer("tongban")
}

// Start does nothing: spans are sent as they end.
func (t *tracing) Start(context.Context) error { return nil }

// Stop sends the spans that still wait.
func (t *tracing) Stop(ctx context.Context) {
	if t.provider != nil {
		_ = t.provider.Shutdown(ctx) // a collector that is down must not hold up the stop
	}
}
