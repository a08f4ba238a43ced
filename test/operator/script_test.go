package operator

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tongban/internal/kernel/db"
	"tongban/internal/kernel/db/dbtest"
)

// TestScripts runs the scripts of testdata against the built binary.
func TestScripts(t *testing.T) {
	t.Parallel()
	program := binary(t)
	hasPostgres := len(dbtest.Engines(t)) > 1
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("NO_COLOR", "1")
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "postgres":
				return hasPostgres, nil
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport": freeport, "await": await, "get": get, "flip": flip, "cut": cut, "query": query,
			"database": func(ts *testscript.TestScript, neg bool, args []string) {
				usage(ts, neg, args, 1, "database VARIABLE")
				ts.Setenv(args[0], dbtest.Location(t, db.Postgres).URL)
			},
		},
	})
}

func usage(ts *testscript.TestScript, neg bool, args []string, n int, how string) {
	if neg || len(args) != n {
		ts.Fatalf("usage: %s", how)
	}
}

// freeport sets a variable to an address nobody listens on.
func freeport(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "freeport VARIABLE")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer l.Close()
	ts.Setenv(args[0], l.Addr().String())
}

// await waits until an address answers 200.
func await(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 1, "await URL")
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get(args[0])
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("%s did not answer: %v", args[0], err)
		}
	}
}

// get asks an address with the bearer token that a file holds, prints the answer, and fails on a status of 400 and
// more: get URL TOKENFILE
func get(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: get URL TOKENFILE")
	}
	req, err := http.NewRequest(http.MethodGet, args[0], nil)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[1])))
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s\n", resp.Status, body)
	if failed := resp.StatusCode >= 400; failed != neg {
		ts.Fatalf("the answer was %s", resp.Status)
	}
}

// flip changes one byte of a file: flip FILE OFFSET, counted from the end when it is negative.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "flip FILE OFFSET")
	path := ts.MkAbs(args[0])
	raw, err := os.ReadFile(path)
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 0xff
	ts.Check(os.WriteFile(path, raw, 0o600))
}

// cut takes bytes from the end of a file: cut FILE BYTES.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "cut FILE BYTES")
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()-n))
}

// query runs a statement on the database of a stopped instance and prints what it returns, a value a line:
// query FILE-OR-URL STATEMENT
func query(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, 2, "query FILE-OR-URL STATEMENT")
	o := db.Options{URL: args[0]}
	if !strings.HasPrefix(args[0], "postgres://") {
		o = db.Options{Path: ts.MkAbs(args[0])}
	}
	d, err := db.Open(context.Background(), o)
	ts.Check(err)
	defer d.Close()
	ts.Check(d.Write(context.Background(), func(ctx context.Context, q db.Querier) error {
		rows, err := q.QueryContext(ctx, "/* operator.query */ "+args[1])
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var value string
			if err := rows.Scan(&value); err != nil {
				return err
			}
			fmt.Fprintln(ts.Stdout(), value)
		}
		return rows.Err()
	}))
}
