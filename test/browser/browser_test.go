package browser

import (
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const head = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>测试</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head>`

var pages = map[string]string{
	"/good": head + `<body><main><h1>你好</h1><p>https://desk.example/a, a@desk.example, /desk.example</p>
		<code>desk.ticket.close</code><a href="/good?page=2">下一页</a><a href="/file" download>文件</a>
		<a href="https://elsewhere.example/">别处</a></main></body></html>`,
	"/bad": head + `<body><h1>desk.open_count</h1><img src="/missing.png"><div style="width:2000px">宽</div>
		<div style="overflow-x:auto"><div style="width:3000px" class="inner">内</div></div>
		<input placeholder="desk.search"><script>console.error("wrong", 1); undefined_function()</script></body></html>`,
	"/rows2": head + `<body><table><tr><td>1</td></tr><tr><td>2</td></tr></table></body></html>`,
	"/rows3": head + `<body><table><tr><td>一</td></tr><tr><td>二</td></tr><tr><td>三</td></tr></table></body></html>`,
	"/language": head + `<body><main><h1>你好</h1><p id="said">LANGUAGE</p><p id="zone"></p>
		<script>zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone</script></main></body></html>`,
	"/form": head + `<body><main><h1>你好</h1><form><label>名字 <input name="who" value="old"></label><button>好</button></form>
		<p id="hello"></p><script>document.forms[0].onsubmit = (e) => {
			e.preventDefault();
			setTimeout(() => { hello.textContent = "你好，" + e.target.who.value }, 50);
		}</script></main></body></html>`,
	"/sign-in": head + `<body><main><h1>登录</h1><form method="post"><label>账号 <input name="login"></label>
		<label>密码 <input type="password" name="password"></label><button>登录</button></form></main></body></html>`,
}

func site(t *testing.T) string {
	mux := http.NewServeMux()
	for path, page := range pages {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "script-src 'self' 'unsafe-inline'")
			fmt.Fprint(w, strings.ReplaceAll(page, "LANGUAGE", r.Header.Get("Accept-Language")))
		})
	}
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("login") == "wang" && r.FormValue("password") == "secret words" {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "wang", Path: "/"})
			http.Redirect(w, r, "/me", http.StatusSeeOther)
			return
		}
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if c, err := r.Cookie("session"); err == nil {
			who = c.Value
		}
		fmt.Fprint(w, head+`<body><main><h1 id="who">`+who+`</h1></main></body></html>`)
	})
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="a.csv"`)
		fmt.Fprint(w, "a,b\n")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestGoodPage(t *testing.T) {
	base := site(t)
	v := Start(t).Visit(t, base, Mobile)
	v.Open("/good")
	v.Accessible()
	sight, err := v.Page().Inspect(Mobile, []string{"desk", "error"})
	if err != nil {
		t.Fatal(err)
	}
	if len(sight.Sideways)+len(sight.Keys) > 0 || sight.Title != "测试" {
		t.Errorf("seen %+v", sight)
	}
	if want := []string{base + "/good?page=2"}; !slices.Equal(sight.Links, want) {
		t.Errorf("links %q, want %q", sight.Links, want)
	}
	file := filepath.Join(t.TempDir(), "a", "b.png")
	v.Screenshot(file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.DecodeConfig(f)
	if err != nil || picture.Width != 390 || picture.Height != 844 {
		t.Errorf("the picture is %d×%d, error %v", picture.Width, picture.Height, err)
	}
}

func TestBadPage(t *testing.T) {
	base := site(t)
	p, err := Start(t).NewPage(Desktop)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if status, err := p.Open(base + "/bad"); err != nil || status != 200 {
		t.Fatalf("status %d, error %v", status, err)
	}
	sight, err := p.Inspect(Desktop, []string{"desk", "error"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"div"}; !slices.Equal(sight.Sideways, want) {
		t.Errorf("sideways %q, want %q", sight.Sideways, want)
	}
	if want := []string{"desk.open_count", "desk.search"}; !slices.Equal(sight.Keys, want) {
		t.Errorf("keys %q, want %q", sight.Keys, want)
	}
	faults := p.Faults()
	for _, want := range []string{`console: "wrong" 1`, "undefined_function is not defined", "request: 404 " + base + "/missing.png"} {
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("faults %q lack %q", faults, want)
		}
	}
	if again := p.Faults(); len(faults) != 3 || len(again) != 0 {
		t.Errorf("%d faults, then %d", len(faults), len(again))
	}
	found, err := p.Axe()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(found, func(v Violation) bool { return v.ID == "image-alt" && v.Impact == "critical" }) {
		t.Errorf("axe does not miss the picture's text: %v", found)
	}
}

func TestStructureIgnoresTextAndRows(t *testing.T) {
	base := site(t)
	p, err := Start(t).NewPage(Desktop)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	structure := func(path string) string {
		if _, err := p.Open(base + path); err != nil {
			t.Fatal(err)
		}
		sight, err := p.Inspect(Desktop, nil)
		if err != nil {
			t.Fatal(err)
		}
		return sight.Structure
	}
	if a, b := structure("/rows2"), structure("/rows3"); a != b {
		t.Errorf("a row more makes another structure: %s, %s", a, b)
	}
	if a, b := structure("/rows2"), structure("/form"); a == b {
		t.Error("a table and a form have the same structure")
	}
}

func TestActions(t *testing.T) {
	base := site(t)
	b := Start(t)
	v := b.Visit(t, base, Desktop)
	v.Open("/form")
	v.Fill("input[name=who]", "王芳")
	v.Click("button")
	v.Until("hello.textContent")
	if got := v.Text("#hello"); got != "你好，王芳" {
		t.Errorf("the page says %q", got)
	}
	v.Open("/language")
	if got := v.Text("#said") + " " + v.Text("#zone"); !strings.HasPrefix(got, "zh-CN") || !strings.HasSuffix(got, " Asia/Shanghai") {
		t.Errorf("the browser speaks %q", got)
	}
	if _, err := v.Page().Open(base + "/file"); !errors.Is(err, ErrDownload) {
		t.Errorf("a download gives %v", err)
	}
}

func TestPagesAreDifferentPeople(t *testing.T) {
	base := site(t)
	b := Start(t)
	wang, other := b.Visit(t, base, Desktop), b.Visit(t, base, Desktop)
	wang.SignIn("wang", "secret words")
	other.Open("/me")
	if a, b := wang.Text("#who"), other.Text("#who"); a != "wang" || b != "nobody" {
		t.Errorf("signed in as %q and %q", a, b)
	}
}
