package log

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
)

// TB is what Capture needs of a test; *testing.T has it.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

const mark = "marked-secret-"

// Marked returns a text to be used as a password, token or key in tests. When it shows in a captured line,
// the test that captured it fails.
func Marked(name string) string { return mark + name }

// Captured is what was logged in a test. It is safe for use by several goroutines.
type Captured struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Capture returns a logger of all levels and what is logged with it. When the test ends it fails if a secret
// made with Marked stands in any line.
func Capture(t TB) (*slog.Logger, *Captured) {
	t.Helper()
	c := &Captured{}
	t.Cleanup(func() {
		for _, line := range c.Leaks() {
			t.Errorf("a secret stands in the log: %s", line)
		}
	})
	return New(c, slog.LevelDebug, JSON), c
}

// Write implements io.Writer.
func (c *Captured) Write(line []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.Write(line)
}

// Text returns all lines as they were written.
func (c *Captured) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

// Contains reports whether s stands anywhere in the lines.
func (c *Captured) Contains(s string) bool { return strings.Contains(c.Text(), s) }

// Lines returns the lines with the message msg, each as its attributes; all lines when msg is empty.
func (c *Captured) Lines(msg string) []map[string]any {
	var found []map[string]any
	for line := range strings.Lines(c.Text()) {
		var attrs map[string]any
		if json.Unmarshal([]byte(line), &attrs) == nil && (msg == "" || attrs[slog.MessageKey] == msg) {
			found = append(found, attrs)
		}
	}
	return found
}

// Leaks returns the lines in which a secret made with Marked stands.
func (c *Captured) Leaks() []string {
	var leaks []string
	for line := range strings.Lines(c.Text()) {
		if strings.Contains(strings.ToLower(line), mark) {
			leaks = append(leaks, strings.TrimSpace(line))
		}
	}
	return leaks
}
