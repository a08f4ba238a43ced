package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tongban/internal/app"
	"tongban/internal/app/control"
	"tongban/internal/kernel/errs"
	"tongban/internal/trust/identity"
)

type tokenCmd struct {
	As   string        `required:"" placeholder:"NAME" help:"The account that the token acts as, by its login name."`
	Name string        `default:"tongban token" help:"What the token is for, as it is shown in the list of tokens."`
	Life time.Duration `default:"24h" help:"How long it is valid."`
}

// Help explains the command.
func (tokenCmd) Help() string {
	return `Prints a bearer token for the JSON API. It may do what the account may do, and what it does is audited as the account's. It works while the program runs, through its control socket, and while it is stopped.

Whoever has the token is the account: give it a short life, and keep it out of logs and shell histories.

Examples:

    tongban token --as admin
    curl -H "Authorization: Bearer $(tongban token --as admin --life 5m)" http://127.0.0.1:8080/api/v1/identity/accounts`
}

// Run prints a token.
func (t tokenCmd) Run(e *env) error {
	if t.Life <= 0 {
		return usageError{fmt.Errorf("--life %s: a token has to live for some time, such as 24h", t.Life)}
	}
	c, err := e.load()
	if err != nil {
		return err
	}
	if err := mustExist(c); err != nil {
		return err
	}
	ctx := context.Background()
	client, err := running(ctx, c)
	if err != nil {
		return err
	}
	var token string
	asked := control.TokenRequest{Login: t.As, Name: t.Name, Life: t.Life}
	if client != nil {
		token, err = client.IssueToken(ctx, asked)
	} else {
		var a *app.App
		if a, err = app.New(ctx, app.Options{Config: c, Clock: e.clock, Log: e.logger(c), Version: version(), Demo: isDemo(c)}); err != nil {
			return err
		}
		defer a.Stop(ctx)
		token, err = issueToken(ctx, a, asked)
	}
	if err != nil {
		return fmt.Errorf("make a token for %s: %w", t.As, err)
	}
	fmt.Fprintln(e.Out, token)
	return nil
}

// issueToken makes a token; its errors are sentences for the operator.
func issueToken(ctx context.Context, a *app.App, r control.TokenRequest) (string, error) {
	token, err := a.IssueToken(ctx, r.Login, r.Name, r.Life)
	if errors.Is(err, identity.ErrAccountNotFound) {
		return "", fmt.Errorf("there is no account with the login name %q", r.Login)
	}
	return token, inWords(a, err)
}

// inWords tells a classified failure in the words pages tell it with. Any other stays as it is.
func inWords(a *app.App, err error) error {
	var e *errs.Error
	if !errors.As(err, &e) {
		return err
	}
	_, en, broken := words(a)
	if broken != nil || !en.Has("error."+e.Code) {
		return err
	}
	said := []string{en.TMap("error."+e.Code, e.Params)}
	for _, f := range e.Fields {
		said = append(said, f.Name+": "+en.TMap("error."+f.Code, f.Params))
	}
	return errors.New(strings.Join(said, " "))
}
