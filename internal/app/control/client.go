package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
)

// Client asks the running instance of a data directory.
type Client struct{ http *http.Client }

// ErrNotRunning says that no instance runs on the data directory.
var ErrNotRunning = errors.New("no instance runs on this data directory")

// Dial returns a client of the instance that runs on dir, or ErrNotRunning.
func Dial(ctx context.Context, dir string) (*Client, error) {
	path, err := find(dir)
	if err != nil {
		return nil, unreachable(err)
	}
	if path == "" {
		return nil, ErrNotRunning
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	probe, err := dial(ctx, "", "")
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
		return nil, ErrNotRunning // a process that was killed leaves its socket behind
	}
	if err != nil {
		return nil, unreachable(err)
	}
	if err := probe.Close(); err != nil {
		return nil, err
	}
	return &Client{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}, nil
}

// unreachable says why there is no way to the instance, and what to do where that is known.
func unreachable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("only the user that runs the program, and root, may ask it; run this command as that user, for example: sudo -u tongban tongban … (%w)", err)
	}
	return fmt.Errorf("reach the running instance: %w", err)
}

// Status asks how the instance is.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.ask(ctx, http.MethodGet, "/status", nil, &s)
}

// IssueToken has the instance make an API token.
func (c *Client) IssueToken(ctx context.Context, r TokenRequest) (string, error) {
	var token string
	return token, c.ask(ctx, http.MethodPost, "/token", r, &token)
}

// Backup has the instance write a backup to w.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	resp, err := c.send(ctx, http.MethodPost, "/backup", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return readReply(resp.Body, nil)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the backup broke off; the instance's log says why: %w", err)
	}
	return nil
}

func (c *Client) ask(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return readReply(resp.Body, out)
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://tongban"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the running instance: %w", err)
	}
	return resp, nil
}

func readReply(r io.Reader, out any) error {
	var in struct {
		Value json.RawMessage
		Error string
	}
	if err := json.NewDecoder(r).Decode(&in); err != nil {
		return fmt.Errorf("read the answer of the running instance: %w", err)
	}
	if in.Error != "" {
		return errors.New(in.Error)
	}
	if out == nil {
		return errors.New("the running instance gave no answer")
	}
	return json.Unmarshal(in.Value, out)
}
