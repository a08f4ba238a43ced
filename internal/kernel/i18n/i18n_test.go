package i18n_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tongban/internal/kernel/i18n"
)

func bundle(t *testing.T) *i18n.Bundle {
	t.Helper()
	b, err := i18n.New(i18n.Words)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func folder(zh, en string) fstest.MapFS {
	return fstest.MapFS{"locales/zh-CN.yaml": {Data: []byte(zh)}, "locales/en.yaml": {Data: []byte(en)}}
}

func TestNewRefusesFaultyVocabulary(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, zh, en, want string }{
		{"missing", "a.b: x\na.c: y", "a.b: x", `"a.c" is missing in en`},
		{"other values", "a.b: '{n} 个'", "a.b: '{m} things'", "names other values"},
		{"open brace", "a.b: '{n'", "a.b: '{n}'", "not closed"},
		{"no plural", "a.b: '{n}'", "a.b: '{n:things}'", "no |"},
		{"not yaml", "a.b: [", "a.b: x", "parse translations"},
	} {
		_, err := i18n.New(folder(tc.zh, tc.en))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
	if _, err := i18n.New(folder("a.b: x", "a.b: x"), folder("a.b: y", "a.b: y")); err == nil {
		t.Error("a key that stands twice was accepted")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	b := bundle(t)
	en := b.Locale(i18n.En, time.UTC)
	for _, tc := range []struct{ got, want string }{
		{en.T("i18n.minutes", "n", 1), "1 minute"},
		{en.T("i18n.minutes", "n", 5), "5 minutes"},
		{en.TMap("error.too_long", map[string]any{"max": 20}), "Too long: at most 20 characters."},
		{en.T("i18n.minutes"), "{n} {n}"},
		{en.T("no.such_key"), "no.such_key"},
		{b.Locale("fr", nil).T("i18n.just_now"), "刚刚"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "zh-CN", "en-GB,en;q=0.8": "en", "zh-TW": "zh-CN", "fr": "zh-CN", ";;;": "zh-CN", "zh-Hans;q=0.5, en;q=0.9": "en",
	} {
		if got := i18n.Match(header); got != want {
			t.Errorf("Match(%q) = %s, want %s", header, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("CST", 8*3600)
	zh := bundle(t).Locale(i18n.ZhCN, shanghai)
	now := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ got, want string }{
		{zh.DateTime(now), "2026-11-21 09:00"},
		{zh.Exact(now), "2026-11-21 09:00:00 +08:00"},
		{zh.Date(time.Time{}), ""},
		{zh.Relative(now, now), "刚刚"},
		{zh.Relative(now.Add(-125*time.Minute), now), "2 小时 5 分钟前"},
		{zh.Relative(now.Add(3*time.Minute), now), "3 分钟后"},
		{zh.Relative(now.Add(-48*time.Hour), now), "2026-11-19 09:00"},
		{zh.Duration(49 * time.Hour), "2 天 1 小时"},
		{zh.Duration(24*time.Hour + time.Minute), "1 天"},
		{zh.Duration(30 * time.Second), "30 秒"},
		{zh.Number(-1234567), "-1,234,567"},
		{zh.Number(12), "12"},
		{zh.Bytes(1536), "1.5 KiB"},
		{zh.Bytes(5 << 30), "5 GiB"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
