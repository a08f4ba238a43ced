package ui_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/ui"
)

func get(method, path, accept string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	ui.AssetHandler().ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAssetsAreCompressedAndImmutable(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"console.css": "text/css; charset=utf-8", "tabler.css": "text/css; charset=utf-8", "tongban.js": "text/javascript; charset=utf-8", "mark.svg": "image/svg+xml", "app-192.png": "image/png"} {
		path := ui.Asset(name)
		if !regexp.MustCompile(`^/assets/[a-z0-9-]+\.[0-9a-f]{10}\.[a-z]+$`).MatchString(path) {
			t.Errorf("%s has no fingerprint", path)
		}
		plain := get("GET", path, "")
		want := body(t, plain)
		if plain.StatusCode != 200 || plain.Header.Get("Content-Type") != kind || plain.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || plain.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", name, plain.StatusCode, plain.Header)
		}
		if own, _ := ui.AssetBytes(name); !bytes.Equal(own, want) {
			t.Errorf("%s: AssetBytes differs", name)
		}
		if strings.HasSuffix(name, ".png") {
			continue
		}
		br := get("GET", path, "gzip, deflate, br;q=0.9")
		if got, err := io.ReadAll(brotli.NewReader(br.Body)); err != nil || !bytes.Equal(got, want) || br.Header.Get("Content-Encoding") != "br" || br.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: brotli: %v %v", name, br.Header, err)
		}
		gz := get("GET", path, "gzip, br;q=0")
		z, err := gzip.NewReader(gz.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: gzip: %v", name, err)
		}
	}
}

func TestAssetsRefuseTheRest(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/assets/", "/assets/console.css", "/assets/../go.mod", "/assets/vendor/tabler.css", "/assets/js/"} {
		if r := get("GET", path, ""); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	if r := get("POST", ui.Asset("mark.svg"), ""); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.StatusCode)
	}
	if r := get("HEAD", ui.Asset("mark.svg"), ""); r.StatusCode != 200 || len(body(t, r)) != 0 || r.Header.Get("Content-Length") == "" {
		t.Errorf("HEAD: %d", r.StatusCode)
	}
	r := httptest.NewRequest("GET", ui.Asset("mark.svg"), nil)
	r.Header.Set("If-None-Match", get("GET", ui.Asset("mark.svg"), "").Header.Get("ETag"))
	w := httptest.NewRecorder()
	ui.AssetHandler().ServeHTTP(w, r)
	if w.Code != http.StatusNotModified {
		t.Errorf("If-None-Match: %d", w.Code)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown asset name passed")
		}
	}()
	ui.Asset("no-such.css")
}

// TestVendoredFilesAreAsPublished holds the vendored files to their manifest.
func TestVendoredFilesAreAsPublished(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("assets/vendor/vendored.json")
	if err != nil {
		t.Fatal(err)
	}
	var packages []struct {
		Name, Version, Licence string
		Files                  []struct{ Name, SHA256 string }
	}
	if err := json.Unmarshal(raw, &packages); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"vendored.json": true, "VENDORED.md": true}
	for _, p := range packages {
		if p.Version == "" || p.Licence == "" {
			t.Errorf("%s: version or licence is missing", p.Name)
		}
		for _, f := range p.Files {
			known[f.Name] = true
			b, err := os.ReadFile(filepath.Join("assets/vendor", f.Name))
			if err != nil {
				t.Error(err)
				continue
			}
			if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f.SHA256 {
				t.Errorf("%s was changed by hand; run go run ./internal/tools/vendorassets", f.Name)
			}
			if whole, ok := strings.CutSuffix(f.Name, ".br"); ok {
				want, _ := os.ReadFile(filepath.Join("assets/vendor", whole))
				if got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(b))); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s is not %s compressed", f.Name, whole)
				}
			}
		}
	}
	entries, err := os.ReadDir("assets/vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("%s is not in vendored.json", e.Name())
		}
	}
}

// TestOwnStylesNeedNoDataPictures: "default-src 'self'" refuses data: addresses.
func TestOwnStylesNeedNoDataPictures(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"console.css", "portal.css", "phone.css", "screen.css", "plain.css", "tongban.js", "chart.js"} {
		b, _ := ui.AssetBytes(name)
		if bytes.Contains(b, []byte("data:")) && bytes.Contains(b, []byte("url(")) || bytes.Contains(b, []byte("http")) || bytes.Contains(b, []byte("eval(")) {
			t.Errorf("%s reaches outside the policy", name)
		}
	}
}

// TestPageWeight adds up what a browser without a cache fetches for a page of each face.
func TestPageWeight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		face   ui.Face
		budget int
	}{{ui.Console, 150_000}, {ui.Portal, 120_000}, {ui.Phone, 120_000}, {ui.Plain, 60_000}} {
		ctx, _ := pageOf(t, c.face, i18n.ZhCN)
		content := templ.Component(templ.NopComponent)
		if c.face == ui.Console {
			rows := make([]ui.Row, 50)
			for i := range rows {
				rows[i] = ui.Row{ID: "7", Href: "/7", Cells: []ui.TD{ui.Text("WO-20261121-0007"), ui.StatusTD("处理中", ui.Info), ui.Component(ui.Clock(ui.ClockView{Due: now.Add(time.Duration(i) * time.Minute)}))}}
			}
			content = ui.Table(ui.TableView{ID: "t", Caption: "工单", Columns: []ui.Column{{Label: "号"}, {Label: "状态"}, {Label: "时限"}}, Rows: rows, Bulk: &ui.BulkView{Action: "/b"}})
		}
		html, doc := render(t, ctx, ui.Layout(ctx, content))
		var page bytes.Buffer
		w := brotli.NewWriterLevel(&page, 5)
		_, _ = w.Write([]byte(html))
		_ = w.Close()
		total := page.Len()
		doc.Find("link[rel=stylesheet], link[rel=icon], script[src]").Each(func(_ int, e *goquery.Selection) {
			r := get("GET", e.AttrOr("href", e.AttrOr("src", "")), "br")
			if r.StatusCode != 200 {
				t.Errorf("%s: %d", e.AttrOr("href", e.AttrOr("src", "")), r.StatusCode)
			}
			total += len(body(t, r))
		})
		t.Logf("%s: %d bytes cold, %d of them the page", c.face, total, page.Len())
		if total > c.budget {
			t.Errorf("%s: %d bytes cold, more than %d", c.face, total, c.budget)
		}
	}
}
