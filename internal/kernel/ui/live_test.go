package ui_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/a-h/templ"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/ui"
	"tongban/test/browser"
)

// tabs is a site whose page holds tabs, as frames: they share locks and messages as tabs do.
func tabs(t *testing.T) (url string, streams func() int) {
	open := make(chan int, 1)
	open <- 0
	add := func(n int) { open <- <-open + n }
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", ui.AssetHandler())
	mux.HandleFunc("GET /tabs", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<!doctype html><title>测试</title><link rel="icon" href="data:,"><h1>多个窗口</h1><iframe src="/tab"></iframe><iframe src="/tab"></iframe>`)
	})
	mux.HandleFunc("GET /tab", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><body data-live-source="/live?topic=a"><p id="it" data-live="a"></p>
			<script>
				let away = false, fetched = 0;
				const htmx = {ajax() { fetched++ }}, sources = [];
				Object.defineProperty(document, 'hidden', {get: () => away});
				const see = seen => { away = !seen; document.dispatchEvent(new Event('visibilitychange')) };
				EventSource = class extends EventSource { constructor(at) { super(at); sources.push(this) } };
				const streaming = () => sources.some(s => s.readyState === 1);
			</script><script type="module" src="%s"></script>`, ui.Asset("tongban.js"))
	})
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, r *http.Request) {
		add(1)
		defer add(-1)
		w.Header().Set("Content-Type", "text/event-stream")
		id := "7"
		if r.FormValue("since") != "" {
			id = r.FormValue("since") + "1"
		}
		_, _ = fmt.Fprintf(w, "event: a\nid: %s\ndata: 1\n\n", id)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, func() int { n := <-open; open <- n; return n }
}

// A browser opens six connections to a site: tabs nobody sees may not hold one, and those that watch the same share one.
func TestTabsShareTheirStream(t *testing.T) {
	t.Parallel()
	url, streams := tabs(t)
	p := browser.Start(t).Visit(t, url, browser.Viewport{Width: 800, Height: 600})
	p.Open("/tabs")
	const of = `(i => frames[i].eval`
	p.Until(of + `('fetched') > 0)(0) && ` + of + `('fetched') > 0)(1)`)
	if n := streams(); n != 1 {
		t.Errorf("two tabs hold %d streams", n)
	}
	// The one with the stream is hidden; the other takes over where it was and hears what came meanwhile.
	p.Until(`(() => { window.first = frames[0].eval('streaming()') ? 0 : 1; frames[first].eval('fetched = 0; see(false)');
		frames[1 - first].eval('fetched = 0'); return true })()`)
	p.Until(`frames[1 - first].eval('streaming() && fetched > 0 && sources[0].url.endsWith("since=7")')`)
	p.Until(`!frames[first].eval('streaming()')`)
	// Back again, it follows the other, and what it missed is fetched.
	p.Until(`frames[first].eval('see(true), true')`)
	p.Until(`frames[first].eval('fetched > 0 && sources.length === 1')`)
	// Nobody sees anything: no stream is left. Then both are seen: one has it.
	p.Until(`frames[0].eval('see(false), true') && frames[1].eval('see(false), true')`)
	p.Until(`!frames[0].eval('streaming()') && !frames[1].eval('streaming()')`)
	p.Until(`frames[0].eval('see(true), true') && frames[1].eval('see(true), true')`)
	p.Until(`frames[0].eval('streaming()') !== frames[1].eval('streaming()')`)
}

// A label of seven characters, as 再次输入新密码, stands on one line of a phone.
func TestPhoneLabelsFit(t *testing.T) {
	t.Parallel()
	ctx, s := pageOf(t, ui.Phone, i18n.ZhCN)
	s.Live = ""
	form := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, label := range []string{"密码", "再次输入新密码"} {
			if err := ui.PhoneInput(ui.Field{Name: "n" + strconv.Itoa(len(label)), Label: label}).Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
	page, _ := render(t, ctx, ui.Layout(ctx, form))
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", ui.AssetHandler())
	mux.HandleFunc("GET /manifest.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	mux.HandleFunc("GET /phone", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p := browser.Start(t).Visit(t, server.URL, browser.Mobile)
	p.Open("/phone")
	lines, err := browser.Eval[[]float64](p.Page(), `[...document.querySelectorAll('.weui-label')].map(l => {
		const r = document.createRange(); r.selectNode(l.firstChild); return r.getClientRects().length })`)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 2 || lines[0] != 1 || lines[1] != 1 {
		t.Errorf("the labels take %v lines", lines)
	}
}
