package ui_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/ui"
)

var now = time.Date(2026, 11, 21, 1, 5, 0, 0, time.UTC)

// pageOf is a context with a complete shell of the face, in the language.
func pageOf(t testing.TB, face ui.Face, lang string) (context.Context, *ui.Shell) {
	t.Helper()
	bundle, err := i18n.New(i18n.Words, ui.Words)
	if err != nil {
		t.Fatal(err)
	}
	items := []ui.NavItem{{Label: "工单", Href: "/orders", Icon: "tool", Count: 3, Current: true, Key: "w"}, {Label: "终端", Href: "/terminals", Icon: "device-desktop"}}
	s := &ui.Shell{
		Face: face, Title: "工单", Org: "东湖市", Path: "/orders", Now: now, CSRF: "token", Nonce: "n0nce", Requests: "req-1",
		Crumbs:  []ui.Crumb{{Label: "运维", Href: "/"}, {Label: "工单"}},
		Groups:  []ui.NavGroup{{Items: items[1:]}, {Label: "运维", Items: items[:1]}},
		Tabs:    items,
		User:    &ui.User{Name: "王丽", Role: "工程师", OnBehalf: "东湖科技"},
		Display: ui.Display{Theme: "auto"},
		Flashes: []ui.Flash{{Kind: "success", Text: "已保存。", UndoHref: "/undo"}, {Kind: "danger", Text: "没有发出。"}},
		HelpKey: "orders", Search: "/search", Account: "/account", EndActs: "/end", Live: "/live",
		Inbox:    &ui.NavItem{Label: "通知", Href: "/inbox", Count: 12},
		Links:    []ui.NavItem{{Label: "帮助", Href: "/help"}},
		Announce: &ui.NoticeView{Tone: ui.Info, Text: "今晚维护", Href: "/n", Label: "详情"},
		Hero:     ui.Hero(ui.HeroView{Title: "办什么事？", Text: "一次搜索", Search: "/search", Hot: []ui.Crumb{{Label: "社保", Href: "/1"}}}),
		Manifest: "/manifest.json",
	}
	return ui.WithShell(i18n.With(t.Context(), bundle.Locale(lang, time.FixedZone("", 8*3600))), s), s
}

func render(t testing.TB, ctx context.Context, c templ.Component) (string, *goquery.Document) {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), doc
}

// pages are whole documents that together show every widget and every layout.
func pages(t testing.TB, visit func(name, html string, doc *goquery.Document)) {
	t.Helper()
	result := ui.Result(ui.ResultView{Tone: ui.Success, Title: "已收到", Text: "稍后联系您", Number: "R-1", Actions: []ui.ButtonView{{Label: "返回", Href: "/"}}})
	bodies := []struct {
		name string
		face ui.Face
		body func(context.Context) templ.Component
	}{
		{"gallery", ui.Console, ui.KitPage},
		{"phone gallery", ui.Phone, ui.KitPhonePage},
		{"screen gallery", ui.Screen, ui.KitScreenPage},
		{"portal", ui.Portal, func(context.Context) templ.Component { return templ.Raw("<p>x</p>") }},
		{"plain", ui.Plain, func(context.Context) templ.Component { return result }},
		{"untitled body", ui.Console, func(context.Context) templ.Component { return templ.Raw("<p>x</p>") }},
	}
	for _, lang := range i18n.Languages() {
		for _, b := range bodies {
			ctx, _ := pageOf(t, b.face, lang)
			html, doc := render(t, ctx, ui.Layout(ctx, b.body(ctx)))
			visit(b.name+" "+lang, html, doc)
		}
	}
}

func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	pages(t, func(name, html string, doc *goquery.Document) {
		if n := doc.Find("h1").Length(); n != 1 {
			t.Errorf("%s: %d h1", name, n)
		}
		if doc.Find("html").AttrOr("lang", "") == "" || doc.Find("title").Text() == "" || doc.Find(`main#main`).Length() != 1 {
			t.Errorf("%s: lang, title or main is missing", name)
		}
		if doc.Find("a.tb-skip").AttrOr("href", "") != "#main" {
			t.Errorf("%s: no skip link", name)
		}
		seen := map[string]bool{}
		doc.Find("[id]").Each(func(_ int, e *goquery.Selection) {
			id := e.AttrOr("id", "")
			if seen[id] {
				t.Errorf("%s: id %q stands twice", name, id)
			}
			seen[id] = true
		})
		doc.Find("[aria-describedby], [aria-labelledby]").Each(func(_ int, e *goquery.Selection) {
			for _, id := range strings.Fields(e.AttrOr("aria-describedby", "") + " " + e.AttrOr("aria-labelledby", "")) {
				if !seen[id] {
					t.Errorf("%s: nothing has the id %q", name, id)
				}
			}
		})
		doc.Find(`input:not([type=hidden]), select, textarea`).Each(func(_ int, e *goquery.Selection) {
			id, labelled := e.AttrOr("id", ""), e.AttrOr("aria-label", "") != ""
			if !labelled && (id == "" || doc.Find(`label[for="`+id+`"]`).Length() == 0) {
				t.Errorf("%s: field %s has no label", name, e.AttrOr("name", "?"))
			}
		})
		doc.Find("button, a").Each(func(_ int, e *goquery.Selection) {
			if strings.TrimSpace(e.Text()) == "" && e.AttrOr("aria-label", "") == "" {
				h, _ := goquery.OuterHtml(e)
				t.Errorf("%s: no name: %s", name, h)
			}
		})
		if raw := regexp.MustCompile(`[>"](ui|i18n)\.[a-z_]+[<"]`).FindString(html); raw != "" {
			t.Errorf("%s: shows a key instead of words: %s", name, raw)
		}
	})
}

func TestPagesKeepTheContentPolicy(t *testing.T) {
	t.Parallel()
	attribute := regexp.MustCompile(`^(on.*|style|hx-on.*)$`)
	pages(t, func(name, html string, doc *goquery.Document) {
		doc.Find("*").Each(func(_ int, e *goquery.Selection) {
			for _, a := range e.Get(0).Attr {
				if attribute.MatchString(a.Key) {
					t.Errorf("%s: <%s> has %s", name, goquery.NodeName(e), a.Key)
				}
				if v := strings.ToLower(a.Val); strings.Contains(v, "javascript:") || strings.HasPrefix(v, "js:") {
					t.Errorf("%s: <%s %s=%q>", name, goquery.NodeName(e), a.Key, a.Val)
				}
			}
		})
		if doc.Find("style").Length() > 0 {
			t.Errorf("%s: has a style element", name)
		}
		doc.Find("script").Each(func(_ int, e *goquery.Selection) {
			if e.AttrOr("nonce", "") != "n0nce" {
				t.Errorf("%s: a script without the nonce", name)
			}
			if e.AttrOr("src", "") == "" && e.AttrOr("type", "") != "application/json" {
				t.Errorf("%s: an inline script", name)
			}
		})
		doc.Find("[src], link[href]").Each(func(_ int, e *goquery.Selection) {
			if at := e.AttrOr("src", e.AttrOr("href", "")); !strings.HasPrefix(at, "/") {
				t.Errorf("%s: loads %s", name, at)
			}
		})
	})
}

func TestFormsAreGuarded(t *testing.T) {
	t.Parallel()
	pages(t, func(name, _ string, doc *goquery.Document) {
		doc.Find(`form[method="post"]`).Each(func(_ int, e *goquery.Selection) {
			if e.Find(`input[name=csrf][value="token"]`).Length() != 1 || e.Find(`input[name=form_id]`).AttrOr("value", "") == "" {
				h, _ := goquery.OuterHtml(e)
				t.Errorf("%s: csrf or form_id is missing: %.200s", name, h)
			}
		})
		doc.Find("form.tb-form input.tb-input:not([type=file]), form.tb-form textarea").Each(func(_ int, e *goquery.Selection) {
			if e.AttrOr("autocomplete", "") != "off" {
				t.Errorf("%s: field %s may be filled in by the browser", name, e.AttrOr("name", ""))
			}
		})
	})
}

func TestLayoutFollowsTheDisplay(t *testing.T) {
	t.Parallel()
	ctx, s := pageOf(t, ui.Phone, i18n.ZhCN)
	s.Display = ui.Display{Theme: "dark", Contrast: true, Large: true, Dense: true}
	_, doc := render(t, ctx, ui.Layout(ctx, templ.NopComponent))
	root := doc.Find("html")
	if root.AttrOr("data-bs-theme", "") != "dark" || root.AttrOr("lang", "") != "zh-CN" {
		t.Errorf("theme or language is wrong: %v", root.Get(0).Attr)
	}
	for _, a := range []string{"data-contrast", "data-large", "data-dense"} {
		if _, ok := root.Attr(a); !ok {
			t.Errorf("%s is missing", a)
		}
	}
	body := doc.Find("body")
	if body.AttrOr("data-weui-theme", "") != "dark" || body.AttrOr("data-weui-mode", "") != "care" {
		t.Error("WeUI does not know")
	}
	large := doc.Find(`form[action="/display"] button[name=large]`)
	if large.AttrOr("value", "") != "off" || large.AttrOr("aria-pressed", "") != "true" {
		t.Error("the switch does not turn it off again")
	}
	if doc.Find(`form[action="/display"] input[name=return]`).AttrOr("value", "") != "/orders" {
		t.Error("the way back is missing")
	}
}
