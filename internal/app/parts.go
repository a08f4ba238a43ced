package app

import (
	"context"
	"fmt"
	"slices"

	"tongban/internal/kernel/module"
)

// parts are what runs on its own, in the order of starting.
type parts struct {
	list    []named
	started int
}

type named struct {
	name string
	module.Part
}

func (p *parts) add(name string, part module.Part) { p.list = append(p.list, named{name, part}) }

// start starts the parts in order. When one fails, those before it are stopped again.
func (p *parts) start(ctx context.Context) error {
	for _, part := range p.list {
		if err := part.Start(ctx); err != nil {
			p.stop(ctx)
			return fmt.Errorf("start %s: %w", part.name, err)
		}
		p.started++
	}
	return nil
}

// stop stops the started parts in reverse.
func (p *parts) stop(ctx context.Context) {
	for _, part := range slices.Backward(p.list[:p.started]) {
		part.Stop(ctx)
	}
	p.started = 0
}
