package ui_test

import (
	"bufio"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/ui"
)

func TestFieldTiesHintAndError(t *testing.T) {
	t.Parallel()
	ctx, _ := pageOf(t, ui.Console, i18n.ZhCN)
	for name, c := range map[string]templ.Component{
		"input":    ui.Input(ui.Field{Name: "a[0].b", Label: "名称", Hint: "提示", Error: "请填写", Required: true}),
		"textarea": ui.Textarea(ui.Field{Name: "a[0].b", Label: "名称", Hint: "提示", Error: "请填写", Required: true}),
		"select":   ui.Select(ui.Field{Name: "a[0].b", Label: "名称", Hint: "提示", Error: "请填写", Required: true}),
		"file":     ui.File(ui.Field{Name: "a[0].b", Label: "名称", Hint: "提示", Error: "请填写", Required: true}),
		"checkbox": ui.Checkbox(ui.Field{Name: "a[0].b", Label: "名称", Hint: "提示", Error: "请填写", Required: true}),
		"phone":    ui.PhoneInput(ui.Field{Name: "a[0].b", Label: "名称", Hint: "提示", Error: "请填写", Required: true}),
	} {
		_, doc := render(t, ctx, c)
		control := doc.Find(`[name="a[0].b"]`)
		if got := control.AttrOr("aria-describedby", ""); got != "f-a-0--b-hint f-a-0--b-error" {
			t.Errorf("%s: aria-describedby is %q", name, got)
		}
		if control.AttrOr("aria-invalid", "") != "true" {
			t.Errorf("%s: not marked as invalid", name)
		}
		if !strings.Contains(doc.Find("#f-a-0--b-error").Text(), "请填写") || !strings.Contains(doc.Text(), "必填") {
			t.Errorf("%s: error or mark is missing", name)
		}
	}
}

func TestFormSummaryLinksToFields(t *testing.T) {
	t.Parallel()
	ctx, _ := pageOf(t, ui.Console, i18n.En)
	_, doc := render(t, ctx, ui.Form(ui.FormView{ID: "f", Action: "/x", Enhance: true, Submission: "same", Errors: []ui.FieldError{{Field: "name", Label: "Name", Text: "Please fill this in."}}}))
	summary := doc.Find("[data-error-summary]")
	if summary.AttrOr("role", "") != "alert" || summary.AttrOr("tabindex", "") != "-1" || !strings.Contains(summary.Text(), "1 entry needs attention") {
		t.Errorf("summary: %s", summary.Text())
	}
	if summary.Find("a").AttrOr("href", "") != "#f-name" {
		t.Error("the summary does not lead to the field")
	}
	if doc.Find(`input[name=form_id]`).AttrOr("value", "") != "same" {
		t.Error("a given submission id is not kept")
	}
	if doc.Find("form").AttrOr("hx-select", "") != "#f" {
		t.Error("htmx does not know its form")
	}
}

func TestTableTellsItsState(t *testing.T) {
	t.Parallel()
	ctx, _ := pageOf(t, ui.Console, i18n.ZhCN)
	_, doc := render(t, ctx, ui.Table(ui.TableView{
		ID: "t", Caption: "工单", Live: "orders",
		Columns: []ui.Column{{Label: "号", SortHref: "?s", Sorted: "asc"}, {Label: "数", Kind: ui.NumberColumn, SortHref: "?n"}},
		Rows:    []ui.Row{{ID: "7", Href: "/7", Cells: []ui.TD{ui.Text("WO-7"), ui.Text("3")}}},
		Bulk:    &ui.BulkView{Action: "/bulk", Buttons: []ui.ButtonView{{Label: "关闭", Name: "do", Value: "close"}}},
	}))
	if doc.Find("th[aria-sort=ascending] a[href='?s']").Length() != 1 || doc.Find("th[aria-sort=none]").Length() != 1 {
		t.Error("sorting is not told")
	}
	if doc.Find(`tr[data-href="/7"] a[href="/7"]`).Text() != "WO-7" {
		t.Error("the row has no link of its own")
	}
	if got := doc.Find(`input[name=id][value="7"]`).AttrOr("aria-label", ""); got != "选择 WO-7" {
		t.Errorf("check box is called %q", got)
	}
	if doc.Find(`td[data-label="数"]`).Length() != 1 || doc.Find(`#t[data-live="orders"]`).Length() != 1 {
		t.Error("label of the cell or topic is missing")
	}
}

func TestEmptyCellsShowADash(t *testing.T) {
	t.Parallel()
	ctx, _ := pageOf(t, ui.Console, i18n.ZhCN)
	_, doc := render(t, ctx, ui.Table(ui.TableView{
		Caption: "工单",
		Columns: []ui.Column{{Label: "a"}, {Label: "b"}, {Label: "c"}, {Label: "d"}, {Label: "e"}, {Label: "f", Kind: ui.ActionsColumn}},
		Rows: []ui.Row{{Href: "/7", Cells: []ui.TD{
			{}, {Href: "/there"}, {Text: "0"}, {Sub: "sub"}, {Content: templ.Raw("<b>content</b>")}, {},
		}}},
	}))
	got := doc.Find("tbody td").Map(func(_ int, td *goquery.Selection) string { return strings.TrimSpace(td.Text()) })
	if strings.Join(got, "|") != "—|—|0|sub|content|" {
		t.Errorf("cells show %q", got)
	}
	if doc.Find("tbody a").Length() != 0 {
		t.Error("a dash is a link")
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	ctx, _ := pageOf(t, ui.Console, i18n.ZhCN)
	for _, c := range []struct {
		name, want, class string
		view              ui.ClockView
		runs              bool
	}{
		{"far", "剩余 2 小时", "tb-info", ui.ClockView{Due: now.Add(2 * time.Hour)}, true},
		{"near", "剩余 12 分钟", "tb-warning", ui.ClockView{Due: now.Add(12 * time.Minute)}, true},
		{"own warning", "剩余 2 小时", "tb-warning", ui.ClockView{Due: now.Add(2 * time.Hour), Warn: 3 * time.Hour}, true},
		{"late", "已超时 47 分钟", "tb-danger", ui.ClockView{Due: now.Add(-47 * time.Minute)}, true},
		{"paused", "已暂停，剩余 3 小时", "tb-neutral", ui.ClockView{Due: now, Paused: true, Left: 3 * time.Hour}, false},
		{"met", "已按时完成", "tb-success", ui.ClockView{Due: now.Add(-time.Hour), Met: true}, false},
	} {
		_, doc := render(t, ctx, ui.Clock(c.view))
		time := doc.Find("time")
		_, runs := time.Attr("data-clock")
		if time.Text() != c.want || !doc.Find(".tb-clock").HasClass(c.class) || runs != c.runs || time.AttrOr("title", "") == "" {
			h, _ := doc.Find("body").Html()
			t.Errorf("%s: %s", c.name, h)
		}
	}
}

func TestDiffShowsWhatChanged(t *testing.T) {
	t.Parallel()
	ctx, _ := pageOf(t, ui.Console, i18n.ZhCN)
	v := ui.DiffView{Before: map[string]any{"a": "x", "b": 1, "c": true}, After: map[string]any{"a": "x", "b": 2, "d": []int{1}}, Labels: map[string]string{"b": "数量"}}
	_, doc := render(t, ctx, ui.Diff(v))
	if doc.Find("tbody tr").Length() != 3 || doc.Find(".tb-diff-changed th").First().Text() == "" {
		t.Errorf("rows: %s", doc.Find("tbody").Text())
	}
	if doc.Find(".tb-diff-changed del").Text() != "1" || doc.Find(".tb-diff-changed ins").Text() != "2" {
		t.Error("before and after are wrong")
	}
}

// hostile returns texts that break out of careless templates.
func hostile(t *testing.T) []string {
	texts := []string{`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `</script><script>alert(1)</script>`, `" onmouseover="alert(1)`, "</textarea><svg/onload=alert(1)>", "\u2028<!--<script>"}
	_ = filepath.WalkDir("../../../../shared/data/bad-input/xss", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".txt") {
			return nil // the collection is not everywhere
		}
		f, err := os.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan() && len(texts) < 250; {
			if s := lines.Text(); s != "" {
				texts = append(texts, s)
			}
		}
		return nil
	})
	t.Logf("%d hostile texts", len(texts))
	return texts
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	ctx, s := pageOf(t, ui.Console, i18n.ZhCN)
	s.Live, s.Inbox, s.Hero = "", nil, nil
	for _, x := range hostile(t) {
		s.Title, s.Org, s.User = x, x, &ui.User{Name: x, Role: x, OnBehalf: x}
		s.Flashes = []ui.Flash{{Kind: x, Text: x, UndoHref: x}}
		s.Crumbs = []ui.Crumb{{Label: x, Href: x}, {Label: x}}
		body := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			return templ.Join(
				ui.Input(ui.Field{Name: x, Label: x, Value: x, Hint: x, Error: x, Placeholder: x}), ui.Textarea(ui.Field{Name: "t", ID: "t", Label: x, Value: x}),
				ui.Select(ui.Field{Name: "s", Label: x, Options: []ui.Option{{Value: x, Label: x, Group: x}}}),
				ui.Table(ui.TableView{ID: "tab", Caption: x, Columns: []ui.Column{{Label: x, SortHref: x}}, Rows: []ui.Row{{ID: x, Href: x, Cells: []ui.TD{{Text: x, Sub: x}}}}, Bulk: &ui.BulkView{Action: x}}),
				ui.Chart(ui.ChartView{ID: "c", Title: x, Option: map[string]string{x: x}}), ui.Code(x, x), ui.Status(ui.StatusView{Text: x, Tone: ui.Tone(x)}),
				ui.Diff(ui.DiffView{Caption: x, Before: map[string]any{x: x}, After: map[string]any{x: []string{x}}}), ui.Button(ui.ButtonView{Label: x, Href: x, Icon: x}), ui.Avatar(x),
				ui.Cell(ui.CellView{Title: x, Href: x, Value: x}), ui.Tree(x, ui.TreeNode{Label: x, Href: x}), ui.FileList(ui.FileItem{Name: x, Href: x, Remove: x}),
			).Render(ctx, w)
		})
		_, doc := render(t, ctx, ui.Layout(ctx, body))
		doc.Find("*").Each(func(_ int, e *goquery.Selection) {
			for _, a := range e.Get(0).Attr {
				v := strings.ToLower(strings.TrimSpace(a.Val))
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || (a.Key == "href" || a.Key == "action" || a.Key == "src") && strings.HasPrefix(v, "javascript:") {
					t.Errorf("%q became <%s %s=%q>", x, goquery.NodeName(e), a.Key, a.Val)
				}
			}
		})
		if doc.Find("img, iframe, object, embed, base, math, marquee").Length() > 0 || doc.Find(`script:not([nonce="n0nce"])`).Length() > 0 {
			t.Errorf("%q became an element", x)
		}
	}
}

// TestEveryWidgetIsRendered keeps the gallery whole: each exported component is used by the gallery, a
// layout, another widget or a test.
func TestEveryWidgetIsRendered(t *testing.T) {
	t.Parallel()
	defined, uses := map[string]string{}, map[string]int{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasSuffix(name, "_templ.go") && fn.Recv == nil && fn.Name.IsExported() {
				defined[fn.Name.Name] = name
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				uses[id.Name]++
			}
			return true
		})
	}
	if len(defined) < 60 {
		t.Fatalf("found only %d components", len(defined))
	}
	for widget, home := range defined {
		if uses[widget] < 2 { // the declaration is one
			t.Errorf("%s of %s is rendered nowhere", widget, home)
		}
	}
}

func TestIconsAreKnown(t *testing.T) {
	t.Parallel()
	if ui.HasIcon("no-such-icon") || !ui.HasIcon("home") {
		t.Fatal("HasIcon is wrong")
	}
	ctx, _ := pageOf(t, ui.Console, i18n.ZhCN)
	dashed, _ := render(t, ctx, ui.Icon("no-such-icon"))
	pages(t, func(name, html string, _ *goquery.Document) {
		if strings.Contains(html, dashed) {
			t.Errorf("%s uses an icon the kit does not have", name)
		}
	})
}
