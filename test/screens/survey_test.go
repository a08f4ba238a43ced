package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tongban/test/browser"
)

const layout = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>%s</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head>
<body><main><h1>%s</h1>%s</main></body></html>`

// page answers with a page.
func page(title, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, layout, title, title, text) }
}

const signInForm = `<form method="post"><label>账号 <input name="login"></label>
<label>密码 <input type="password" name="password"></label><button>登录</button></form>`

// site has faults only where the test expects them.
func site(t *testing.T) organisation {
	var things strings.Builder
	for i := range 30 {
		fmt.Fprintf(&things, `<p><a href="/console/thing/%d">第 %d 项</a></p>`, i, i)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", page("首页", `<a href="/sign-in">登录</a> <a href="/file">文件</a> <a href="https://elsewhere.example/">别处</a>`))
	mux.HandleFunc("GET /sign-in", page("登录", signInForm))
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("password") == "secret of "+r.FormValue("login") {
			http.SetCookie(w, &http.Cookie{Name: "who", Value: r.FormValue("login"), Path: "/"})
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /console", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("who"); err != nil || c.Value != "admin" {
			w.WriteHeader(http.StatusForbidden)
			page("没有权限", "")(w, r)
			return
		}
		page("控制台", things.String()+`<p><a href="/console/old">旧的</a></p><p><a href="/console/bad">坏的</a></p><p><a href="/sign-out">退出</a></p>`)(w, r)
	})
	mux.HandleFunc("GET /console/thing/{id}", page("事项", `<a href="/console/gone">没有</a>`))
	mux.Handle("GET /console/old", http.RedirectHandler("/console/new", http.StatusFound))
	mux.HandleFunc("GET /console/new", page("新", ""))
	mux.HandleFunc("GET /console/bad", page("坏", `<p>desk.open_count</p><div style="width:700px">宽</div><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
		<script>console.error("broken")</script>`))
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment")
	})
	mux.HandleFunc("/sign-out", func(http.ResponseWriter, *http.Request) { t.Error("the walk signed out") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return organisation{
		Address: server.URL, Faces: []string{"/", "/console"},
		Accounts: []account{
			{Login: "admin", Password: "secret of admin", Role: "管理员"},
			{Login: "citizen", Password: "secret of citizen", Role: "citizen"},
		},
	}
}

func TestSurvey(t *testing.T) {
	dir := t.TempDir()
	s := newSurvey(browser.Start(t), site(t), dir, []string{"desk"})
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/console/bad at 390: scrolls sideways because of div (管理员)",
		"/console/bad at 390: axe image-alt (critical): Images must have alternative text at img (管理员)",
		"/console/bad at 390: no translation for desk.open_count (管理员)",
		`/console/bad at 1360: console: "broken" (管理员)`,
		"/console/bad at 1360: axe image-alt (critical): Images must have alternative text at img (管理员)",
		"/console/bad at 1360: no translation for desk.open_count (管理员)",
		"/console/gone at 1360: answers 404, linked from /console/thing/id (管理员)",
	}
	got := s.lines()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("problems\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err := s.verdict(); err == nil || !strings.HasPrefix(err.Error(), "7 problems\n/console/bad at 390: ") {
		t.Errorf("the verdict is %v", err)
	}
	checkPictures(t, s, dir)
}

func checkPictures(t *testing.T, s *survey, dir string) {
	var want []string
	for role, pages := range map[string][]string{
		"visitor": {"home", "sign-in"}, "citizen": {"home", "sign-in"},
		"管理员": {"home", "sign-in", "console", "console_thing_id", "console_new", "console_bad"},
	} {
		for _, p := range pages {
			want = append(want, filepath.Join(role, p+"-1360.png"), filepath.Join(role, p+"-390.png"))
		}
	}
	var got []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, path)
		}
		return err
	})
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("pictures %q, want %q, error %v", got, want, err)
	}
	sheet := filepath.Join(dir, "index.html")
	if err := s.writeSheet(sheet); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(sheet)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(html), "<img "); n != len(want) || !strings.Contains(string(html), `src="visitor/home-390.png"`) {
		t.Errorf("the sheet shows %d pictures, want %d", n, len(want))
	}
}

func TestSignInThatFailsEndsTheSurvey(t *testing.T) {
	org := organisation{Accounts: []account{{Login: "admin", Password: "wrong", Role: "admin"}}}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	org.Address = server.URL
	s := newSurvey(browser.Start(t), org, t.TempDir(), nil)
	if err := s.run(); err == nil || !strings.Contains(err.Error(), "walk as admin: the sign-in page answers 404") {
		t.Errorf("error %v", err)
	}
}

func TestDemoThatEndsIsReported(t *testing.T) {
	ended := make(chan struct{})
	close(ended)
	d := &demo{ended: ended, output: &tail{}}
	if err := d.await(t.Context(), filepath.Join(t.TempDir(), "none.json")); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestDemoAccountsAreRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accounts.json")
	const text = `{"address":"http://127.0.0.1:1234","accounts":[{"login":"a","password":"p","role":"r","name":"n"}],"faces":["/"]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &demo{ended: make(chan struct{})}
	if err := d.await(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	want := account{"a", "p", "r", "n"}
	if o := d.organisation; o.Address != "http://127.0.0.1:1234" || len(o.Accounts) != 1 || o.Accounts[0] != want || o.Faces[0] != "/" {
		t.Errorf("read %+v", o)
	}
}

func TestWordPrefixes(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, "desk", "locales")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "desk.open: \"{n} open\"\n\"error.desk.closed\": x\n# not.this\ndesk.shut: y\n"
	if err := os.WriteFile(filepath.Join(folder, "en.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := wordPrefixes(root)
	if err != nil || !slices.Equal(got, []string{"desk", "error"}) {
		t.Errorf("prefixes %q, error %v", got, err)
	}
}
