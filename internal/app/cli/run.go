package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"tongban/internal/app"
	"tongban/internal/app/control"
)

// stopTime is how long a stop waits for requests and jobs; service managers give a little more by default.
const stopTime = 30 * time.Second

type serveCmd struct{}

// Help explains the command.
func (serveCmd) Help() string {
	return `Opens the data directory, brings the database up to date, and serves until it is told to stop.

The first start prints a link with which the first administrator makes an account. It works once; there is no default password.

SIGINT (Ctrl+C) or SIGTERM stops gracefully: requests and jobs under way are finished, at most for 30 seconds. A second signal stops at once; what was acknowledged is safe in either case.

Examples:

    tongban serve
    tongban serve --config /etc/tongban/tongban.yaml
    tongban serve --data /var/lib/tongban --addr :8080

Keys of the configuration; file, environment (TONGBAN_LOG_LEVEL for log.level) and flags, the later winning:

` + keyList()
}

// Run serves until a signal comes.
func (serveCmd) Run(e *env) error {
	c, err := e.load()
	if err != nil {
		return err
	}
	return e.serve(app.Options{Config: c}, func(a *app.App) error {
		e.greet(a)
		return nil
	})
}

// echo is how soon a second signal is taken for the first: timeout(1) and others send to the process and again to
// its group.
const echo = 500 * time.Millisecond

// serve runs an instance with its control socket until a signal comes. ready is called once it answers.
func (e *env) serve(o app.Options, ready func(a *app.App) error) error {
	ctx := context.Background()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	o.Clock, o.Log, o.Version = e.clock, e.logger(o.Config), version()
	a, err := app.New(ctx, o)
	if err != nil {
		return err
	}
	socket := control.NewServer(o.Config.Data, &instance{app: a, clock: e.clock, since: e.clock.Now()}, o.Log)
	if err = a.Start(ctx); err == nil {
		err = socket.Start(ctx)
	}
	if err == nil {
		err = ready(a)
	}
	if err == nil {
		<-signals
		fmt.Fprintln(e.Err, "正在停止，完成进行中的请求 stopping, finishing what is under way; Ctrl+C again stops at once")
	}
	return errors.Join(err, e.stop(ctx, signals, a, socket))
}

// stop ends the instance gracefully, or, on another signal, at once.
func (e *env) stop(ctx context.Context, signals chan os.Signal, a *app.App, socket *control.Server) error {
	began := e.clock.Now()
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		socket.Stop(ctx)
		a.Stop(ctx)
	}()
	for {
		select {
		case <-stopped:
			return nil
		case <-signals:
			if e.clock.Now().Sub(began) < echo {
				continue
			}
			cancel()
			signal.Stop(signals) // a third one ends the process
			<-stopped
			return errors.New("stopped at once; requests under way were cut off")
		}
	}
}
