package brief_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tongban/internal/kernel/events/brief"
)

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"plain", errors.New("desk.ticket_closed: no such step"), "desk.ticket_closed: no such step"},
		{"short number stays", errors.New("line 42 of 9999"), "line 42 of 9999"},
		{"telephone", errors.New("call 13800138000 failed"), "call … failed"},
		{"quoted value", fmt.Errorf("parse %q: bad", `王小明 "x" 1`), "parse …: bad"},
		{"chinese quotes", errors.New("姓名“王小明”不正确"), "姓名…不正确"},
		{"address", errors.New("send to wang@example.cn: refused"), "send to …: refused"},
		{"address after a colon", errors.New("rcpt:wang@example.cn refused"), "rcpt:… refused"},
		{"several lines", errors.New("a\n\tb\x00c"), "a bc"},
		{"broken text", errors.New("a\xffb"), "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := brief.Text(tt.err); got != tt.want {
				t.Errorf("Text = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTextIsBounded(t *testing.T) {
	t.Parallel()
	got := brief.Text(errors.New(strings.Repeat("长文 ", 1000)))
	if n := utf8.RuneCountInString(got); n != 300 || !strings.HasSuffix(got, "…") {
		t.Errorf("got %d characters ending in %q, want 300 ending in …", n, got[len(got)-6:])
	}
}
