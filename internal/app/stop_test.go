package app_test

import (
	"bufio"
	"context"
	"net/http"
	"testing"
	"time"

	"tongban/internal/app/apptest"
	"tongban/internal/trust/identity"
)

// TestOpenStreamsDoNotHoldUpTheStop opens a live stream, as every page of the console does, and stops.
func TestOpenStreamsDoNotHoldUpTheStop(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	admin := a.As(identity.RoleSystemAdmin)
	req, err := http.NewRequest(http.MethodGet, a.Addr()+"/live?topic=identity.accounts", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range admin.Cookies() {
		req.AddCookie(cookie)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the stream answered %d", resp.StatusCode)
	}
	a.As(identity.RoleCitizen) // moves the topic
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() && lines.Text() != "event: identity.accounts" {
	}
	if err := lines.Err(); err != nil || lines.Text() == "" {
		t.Fatalf("the stream ended before anything moved: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	a.App.Stop(ctx)
	if ctx.Err() != nil {
		t.Error("the stop waited for the stream")
	}
}

func TestOnlyWhoMayWatchesATopic(t *testing.T) {
	t.Parallel()
	a := apptest.New(t)
	for _, tc := range []struct {
		name   string
		client *apptest.Client
		topic  string
		status int
	}{
		{"visitor", a.Browser(), "identity.accounts", 403},
		{"citizen", a.As(identity.RoleCitizen), "identity.accounts", 403},
		{"unknown topic", a.As(identity.RoleSystemAdmin), "no.such", 403},
		{"no topic", a.As(identity.RoleSystemAdmin), "", 403},
	} {
		if page := tc.client.Get("/live?topic=" + tc.topic); page.Status != tc.status {
			t.Errorf("%s: %d, want %d", tc.name, page.Status, tc.status)
		}
	}
}
