package log_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/slogtest"

	"tongban/internal/kernel/log"
	"tongban/spec"
)

func TestHandlerKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var buf *bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		buf = &bytes.Buffer{}
		return log.New(buf, slog.LevelDebug, log.JSON).Handler()
	}, func(t *testing.T) map[string]any {
		var line map[string]any
		if err := json.Unmarshal(buf.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	})
}

func TestContextStandsAtTheTopLevel(t *testing.T) {
	t.Parallel()
	logger, captured := log.Capture(t)
	ctx := log.WithOp(log.WithActor(log.WithRequest(t.Context(), "r-1"), "a-1"), "desk.ticket.close")
	logger.With("module", "desk").WithGroup("ticket").With("id", "t-1").WithGroup("more").InfoContext(ctx, "ticket closed", "n", 1)
	lines := captured.Lines("ticket closed")
	if len(lines) != 1 {
		t.Fatalf("lines: %s", captured.Text())
	}
	delete(lines[0], "time")
	want := "map[actor_id:a-1 level:INFO module:desk msg:ticket closed op:desk.ticket.close request_id:r-1 ticket:map[id:t-1 more:map[n:1]]]"
	if got := fmt.Sprint(lines[0]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if log.Request(ctx) != "r-1" || log.Request(t.Context()) != "" {
		t.Error("Request does not give back the id")
	}
	logger.InfoContext(t.Context(), "no context")
	if line := captured.Lines("no context")[0]; len(line) != 3 {
		t.Errorf("got %v", line)
	}
}

// Loggers made from one another do not share attributes.
func TestLoggersDoNotShareGroups(t *testing.T) {
	t.Parallel()
	logger, captured := log.Capture(t)
	parent := logger.WithGroup("g").With("a", 1)
	one, two := parent.With("b", 1), parent.With("c", 1)
	one.Info("one")
	two.Info("two")
	parent.Info("parent")
	deep := logger.WithGroup("d").WithGroup("e").WithGroup("f") // three groups lie in a slice with room for a fourth
	x, y := deep.WithGroup("x"), deep.WithGroup("y")
	x.Info("x", "n", 1)
	y.Info("y", "n", 2)
	if got := fmt.Sprint(captured.Lines("x")[0]["d"]); got != "map[e:map[f:map[x:map[n:1]]]]" {
		t.Errorf("x: %s", got)
	}
	for msg, want := range map[string]string{"one": "map[a:1 b:1]", "two": "map[a:1 c:1]", "parent": "map[a:1]"} {
		if got := fmt.Sprint(captured.Lines(msg)[0]["g"]); got != want {
			t.Errorf("%s: %s, want %s", msg, got, want)
		}
	}
}

func TestLevelsAndFormats(t *testing.T) {
	t.Parallel()
	var text, object bytes.Buffer
	log.New(&text, slog.LevelWarn, log.Text).Info("hidden")
	log.New(&text, slog.LevelWarn, log.Text).Warn("shown", "input", "a\nlevel=ERROR msg=forged")
	log.New(&object, slog.LevelInfo, log.JSON).Info("shown", "input", "a\n{}")
	if got := text.String(); strings.Contains(got, "hidden") || strings.Count(got, "\n") != 1 || !strings.Contains(got, "msg=shown") {
		t.Errorf("text: %q", got)
	}
	if got := object.String(); strings.Count(got, "\n") != 1 || !json.Valid(object.Bytes()) {
		t.Errorf("json: %q", got)
	}
	log.Discard().Error("nowhere")
}

type holder struct {
	Password string
	Key      log.Secret
}

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue("[valuer]") }

type crasher struct{}

func (*crasher) Error() string { panic(log.Marked("panic")) }

// leaking lists the ways in which a secret gets near a log.
func leaking(secret string) []slog.Attr {
	u := &url.URL{Scheme: "postgres", User: url.UserPassword("tongban", secret), Host: "db:5432", Path: "/tongban", RawQuery: "token=" + secret}
	_, dialErr := url.Parse("postgres://tongban:" + secret + "@db/%zz")
	return []slog.Attr{
		slog.Any("x", log.Secret(secret)),
		slog.Any("x", []log.Secret{log.Secret(secret)}),
		slog.Any("x", []valuer{valuer(secret)}),
		slog.Any("x", holder{secret, log.Secret(secret)}),
		slog.Any("x", &holder{secret, log.Secret(secret)}),
		slog.Any("x", map[string]string{"password": secret}),
		slog.Any("x", http.Header{"Authorization": {secret}}),
		slog.Any("x", url.Values{"password": {secret}}),
		slog.Any("x", &http.Request{Header: http.Header{"Cookie": {secret}}}),
		slog.Any("x", &http.Cookie{Name: "session", Value: secret}),
		slog.Any("x", []byte(secret)),
		slog.Any("x", []slog.Attr{slog.String("password", secret)}),
		slog.Any("x", func() string { return secret }),
		slog.Any("x", (*crasher)(nil)),
		slog.Any("x", u),
		slog.Any("x", *u),
		slog.String("x", u.String()),
		slog.Any("x", fmt.Errorf("connect: %w", dialErr)),
		slog.Any("x", errors.New("server said: password="+secret)),
		slog.Any("x", errors.New("dsn host=db password='"+secret+" and more' user=x")),
		slog.Any("x", errors.New(`body {"api_key": "`+secret+`"}`)),
		slog.Any("x", []string{"Authorization: Bearer " + secret, "Cookie: a=b; c=" + secret}),
		slog.String("x", "bearer "+secret),
		slog.String("x", "access_token:"+secret),
		slog.String("password", secret),
		slog.String("newPassword", secret),
		slog.String("x-auth-token", secret),
		slog.String("refreshtoken", secret),
		slog.Any("client_secret", []string{secret}),
		slog.Group("credentials", slog.String("value", secret)),
		slog.Group("request", slog.Group("cookies", slog.Any("session", holder{secret, ""}))),
	}
}

// A marked secret is logged in every way, at every level, in both formats, and shows in none.
func TestNoSecretInAnyLog(t *testing.T) {
	t.Parallel()
	spec.Covers(t, "MB-sens-1-1")
	secret := log.Marked("Pa55word")
	var text bytes.Buffer
	logger, captured := log.Capture(t) // fails the test by itself, too
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		for i, attr := range leaking(secret) {
			for _, l := range []*slog.Logger{logger, log.New(&text, slog.LevelDebug, log.Text)} {
				l.LogAttrs(t.Context(), level, "tried", attr)
				l.With(attr).Log(t.Context(), level, "tried with")
				l.WithGroup("g").Log(t.Context(), level, "tried in a group", attr)
			}
			if strings.Contains(text.String(), secret) || captured.Contains(secret) {
				t.Fatalf("case %d leaks:\n%s%s", i, text.String(), captured.Text())
			}
			text.Reset()
		}
	}
	logger.Info("login with password=" + secret)
	if captured.Contains(secret) {
		t.Error("a message leaks")
	}
	if n := len(captured.Lines("tried")); n != 4*len(leaking(secret)) {
		t.Errorf("%d lines were written", n)
	}
}

// fakeTest stands for a test in which something leaks.
type fakeTest struct {
	faults  []string
	cleanup []func()
}

func (f *fakeTest) Helper()           {}
func (f *fakeTest) Cleanup(fn func()) { f.cleanup = append(f.cleanup, fn) }
func (f *fakeTest) Errorf(format string, a ...any) {
	f.faults = append(f.faults, fmt.Sprintf(format, a...))
}

func TestCaptureFailsATestThatLeaks(t *testing.T) {
	t.Parallel()
	spec.Covers(t, "MB-sens-1-1")
	fake := &fakeTest{}
	logger, _ := log.Capture(fake)
	logger.Info("fine", "password", log.Marked("a"))
	logger.Debug("leak", "note", "the word is "+log.Marked("b"))
	for _, fn := range fake.cleanup {
		fn()
	}
	if len(fake.faults) != 1 || !strings.Contains(fake.faults[0], `"leak"`) {
		t.Errorf("got %q", fake.faults)
	}
}

func TestPersonalNumbersAreMasked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"call 13800138000.": "call [number].",
		"电话13800138000，身份证11010519491231002X": "电话[number]，身份证[number]",
		"+8613800138000":                       "+[number]",
		"card 6222021234567890128 declined":    "card [number] declined",
		"card 6222021234567890129 declined":    "card 6222021234567890129 declined", // the check digit is wrong
		"card 4111111111111111 declined":       "card [number] declined",
		"12800138000":                          "12800138000",
		"0190f3a0-0000-7000-8000-138001380001": "0190f3a0-0000-7000-8000-138001380001",
		"13800138000abc":                       "13800138000abc",
		"t13800138000":                         "t13800138000",
		"at 1795399999123456":                  "at 1795399999123456",
		"WO-20261121-0007":                     "WO-20261121-0007",
		"110105194912310021":                   "110105194912310021",
		"read token: unexpected end":           "read token: unexpected end",
		"check authorization: denied":          "check authorization: denied",
	} {
		logger, captured := log.Capture(t)
		logger.Info(in, "x", in, "e", errors.New(in))
		line := captured.Lines("")[0]
		for _, key := range []string{"msg", "x", "e"} {
			if line[key] != want {
				t.Errorf("%s of %q = %q, want %q", key, in, line[key], want)
			}
		}
	}
}

func TestNamesOfAttributes(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string]bool{
		"password": true, "PASSWORD": true, "user_password_hash": true, "tokens": true, "id_number": true, "idNumber": true, "idcard": true,
		"phone": true, "phone_no": true, "card": true, "card_no": true, "cookie": true, "Set-Cookie": true, "authorization": true,
		"proxyAuthorization": true, "privateKey": true, "otp": true, "telephone": true, "email": true,
		"id": false, "number": false, "ticket_id": false, "cardinality": false, "discarded": false, "key": false, "address": false,
		"session_idle": false, "sessionId": true, "tell": false, "pinned": false, "hotel": false, "name": false, "note": false,
	} {
		logger, captured := log.Capture(t)
		logger.Info("m", name, "some value")
		got := captured.Lines("m")[0][name]
		if hidden != (got == "[secret]") {
			t.Errorf("%s = %v", name, got)
		}
	}
	logger, captured := log.Capture(t)
	logger.Info("m", "token", true, "password", "", "phone", int64(13800138000))
	line := captured.Lines("m")[0]
	if line["token"] != true || line["password"] != "" || line["phone"] != "[secret]" {
		t.Errorf("got %v", line)
	}
}

func TestPlainValuesStayReadable(t *testing.T) {
	t.Parallel()
	type state string
	logger, captured := log.Capture(t)
	many := make([]int, 30)
	logger.Info("m", "state", state("open"), "list", []string{"a", "b"}, "err", io.EOF, "nil", nil, "many", many,
		"url", &url.URL{Scheme: "https", Host: "example.org", Path: "/a", RawQuery: "q=x"}, "no_url", (*url.URL)(nil), "struct", struct{ A int }{1}, "levels", []slog.Level{slog.LevelInfo})
	line := captured.Lines("m")[0]
	for key, want := range map[string]any{
		"state": "open", "list": "[a b]", "err": "EOF", "nil": nil, "url": "https://example.org/a", "no_url": "",
		"struct": "[struct { A int } not logged]", "levels": "[INFO]",
	} {
		if line[key] != want {
			t.Errorf("%s = %v, want %v", key, line[key], want)
		}
	}
	if got := fmt.Sprint(line["many"]); !strings.HasSuffix(got, "… 30 in all]") {
		t.Errorf("a long list: %s", got)
	}
}

func TestSecretAndPersonShowNowhere(t *testing.T) {
	t.Parallel()
	s, p := log.Secret("hunter2"), log.Person("张三丰")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, s); got != "[secret]" {
			t.Errorf("%s of a secret: %s", verb, got)
		}
		if got := fmt.Sprintf(verb, p); got != "张**" {
			t.Errorf("%s of a person: %s", verb, got)
		}
		if got := fmt.Sprintf(verb, struct{ S log.Secret }{s}); strings.Contains(got, "hunter") || strings.Contains(got, "68756e") {
			t.Errorf("%s of a struct: %s", verb, got)
		}
	}
	if b, err := json.Marshal(map[string]any{"s": s}); err != nil || string(b) != `{"s":"[secret]"}` {
		t.Errorf("JSON: %s, %v", b, err)
	}
	if _, err := json.Marshal(p); err == nil {
		t.Error("a person was written to JSON")
	}
	if log.Person("").String() != "" || log.Person("张").String() != "**" || log.Secret("").String() != "" {
		t.Error("short values")
	}
	if s.Reveal() != "hunter2" || p.Reveal() != "张三丰" {
		t.Error("Reveal")
	}
	logger, captured := log.Capture(t)
	logger.Info("m", "reporter", p, "all", []log.Person{p, p})
	if line := captured.Lines("m")[0]; line["reporter"] != "张**" || line["all"] != "[张** 张**]" {
		t.Errorf("got %v", line)
	}
}

func BenchmarkInfo(b *testing.B) {
	logger := log.New(io.Discard, slog.LevelInfo, log.JSON).With("module", "desk")
	ctx := log.WithRequest(context.Background(), "0190f3a0-0000-7000-8000-000000000000")
	for b.Loop() {
		logger.InfoContext(ctx, "request served", "method", "GET", "path", "/desk/tickets", "status", 200, "took", 1234)
	}
}
