package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed assets/css assets/js assets/img assets/vendor/*.css assets/vendor/*.js assets/vendor/*.br
var assetFiles embed.FS

// AssetPrefix is the path under which AssetHandler answers.
const AssetPrefix = "/assets/"

// bundles are the files served under one name, joined in this order. Sources stay small and split by subject;
// a page fetches one style sheet and one script.
var bundles = map[string][]string{
	"console.css": append(widgetStyles, "css/console.css", "css/modes.css"),
	"portal.css":  append(widgetStyles, "css/portal.css", "css/modes.css"),
	"phone.css":   append(widgetStyles, "css/phone.css", "css/modes.css"),
	"screen.css":  append(widgetStyles, "css/screen.css", "css/modes.css"),
	"plain.css":   append(widgetStyles, "css/plain.css", "css/modes.css"),
	"tongban.js":  {"js/core.js", "js/dialog.js", "js/forms.js", "js/table.js", "js/time.js", "js/keys.js", "js/live.js"},
	"chart.js":    {"js/chart.js"},
	"htmx.js":     {"vendor/htmx.js"},
	"echarts.js":  {"vendor/echarts.js"},
	"tabler.css":  {"vendor/tabler.css"},
	"weui.css":    {"vendor/weui.css"},
	"mark.svg":    {"img/mark.svg"},
	"app-192.png": {"img/app-192.png"},
	"app-512.png": {"img/app-512.png"},
}

// widgetStyles has no spare capacity, so that the appends above copy it.
var widgetStyles = []string{"css/tokens.css", "css/base.css", "css/button.css", "css/form.css", "css/table.css", "css/card.css", "css/process.css", "css/text.css"}[:8:8]

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

// asset is one served file.
type asset struct {
	name    string // with the fingerprint
	kind    string
	body    []byte
	brotlis func() []byte // compressed on first use and kept; nil where it does not pay
	gzips   func() []byte
}

// assetTable is built on first use: reading and hashing takes some milliseconds, compressing waits for a reader.
var assetTable = sync.OnceValue(func() map[string]*asset {
	table := make(map[string]*asset, len(bundles))
	for name, sources := range bundles {
		table[name] = newAsset(name, sources)
	}
	return table
})

// served finds an asset by its fingerprinted name.
var served = sync.OnceValue(func() map[string]*asset {
	m := map[string]*asset{}
	for _, a := range assetTable() {
		m[a.name] = a
	}
	return m
})

func newAsset(name string, sources []string) *asset {
	var body []byte
	for _, source := range sources {
		b, err := assetFiles.ReadFile("assets/" + source)
		if err != nil {
			panic(fmt.Sprintf("ui: asset %s: %v", name, err)) // a file of the list was not embedded: a mistake of ours
		}
		body = append(body, b...)
	}
	ext := path.Ext(name)
	hash := sha256.Sum256(body)
	a := &asset{
		name: strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(hash[:5]) + ext,
		kind: contentTypes[ext],
		body: body,
	}
	if ext == ".png" {
		return a
	}
	a.brotlis = sync.OnceValue(func() []byte { return brotliOf(body) })
	if len(sources) == 1 {
		// Vendored files carry their compressed form, made at the highest level; see internal/tools/vendorassets.
		if small, err := fs.ReadFile(assetFiles, "assets/"+sources[0]+".br"); err == nil {
			a.brotlis = func() []byte { return small }
		}
	}
	a.gzips = sync.OnceValue(func() []byte { return gzipOf(body) })
	return a
}

func brotliOf(b []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, 9)
	_, _ = w.Write(b) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

func gzipOf(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

// Asset returns the path of the asset called name (a name of the list above), with the fingerprint of its
// content, so that browsers may keep it for ever. It panics on an unknown name, which only a mistake in our own
// templates can pass; every template is rendered by a test.
func Asset(name string) string {
	a, ok := assetTable()[name]
	if !ok {
		panic("ui: no asset is called " + name)
	}
	return AssetPrefix + a.name
}

// AssetBytes returns the content of an asset, e.g. of mark.svg for /favicon.ico.
func AssetBytes(name string) (body []byte, contentType string) {
	a := assetTable()[name]
	return a.body, a.kind
}

// AssetHandler serves the assets below AssetPrefix. Names carry their fingerprint, so an answer never goes stale.
func AssetHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := served()[strings.TrimPrefix(r.URL.Path, AssetPrefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("ETag", `"`+a.name+`"`)
		body := a.body
		if a.brotlis != nil {
			h.Set("Vary", "Accept-Encoding")
			switch accept := r.Header.Get("Accept-Encoding"); {
			case accepts(accept, "br"):
				h.Set("Content-Encoding", "br")
				body = a.brotlis()
			case accepts(accept, "gzip"):
				h.Set("Content-Encoding", "gzip")
				body = a.gzips()
			}
		}
		if r.Header.Get("If-None-Match") == `"`+a.name+`"` {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", fmt.Sprint(len(body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(body) // the reader may have gone; there is nobody to tell
		}
	})
}

// accepts reports whether an Accept-Encoding header allows coding.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q := strings.ReplaceAll(params, " ", "")
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000")
		}
	}
	return false
}
