package web

import (
	"context"
	"crypto/cipher"
	"embed"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// Words are the texts of this package.
//
//go:embed locales
var Words embed.FS

// Sessions tells who is asking. The identity module does.
type Sessions interface {
	// Authenticate returns the actor of a session secret; a Denied error when there is no such session.
	Authenticate(ctx context.Context, secret string) (op.Actor, error)
	// AuthenticateToken returns the actor of an API token; a Denied error when there is no such token.
	AuthenticateToken(ctx context.Context, token string) (op.Actor, error)
}

// Deps is what a Site needs.
type Deps struct {
	Bundle         *i18n.Bundle
	Zone           *time.Location
	Language       string // the language for readers who ask for none we speak
	Clock          op.Clock
	Log            *slog.Logger
	Metrics        prometheus.Registerer
	Sessions       Sessions
	Registry       *op.Registry
	Key            []byte                       // secret; binds form tokens and flash messages
	Org            func(context.Context) string // the organisation's name
	Secure         bool                         // always served over HTTPS: cookies get the Secure flag, answers HSTS
	Origin         string                       // scheme://host[:port] as browsers know the site, where a proxy changes the Host header
	TrustedProxies []netip.Prefix               // their X-Forwarded-For and X-Forwarded-Proto are believed
	BodyLimit      int64                        // bytes of a request body
	RatePerSecond  float64                      // requests per second and address; 0: no limit
	RateBurst      int
}

// Handler serves one page. The error it returns is turned into an answer by the Site.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one registered page.
type Route struct {
	Pattern string // as net/http's ServeMux writes it
	Face    ui.Face
}

// MenuItem is an entry of a face's menu. It is shown to those who hold its permission.
type MenuItem struct {
	Face       ui.Face
	Group      string // a translation key; groups stand in the order of their first item
	Label      string // a translation key
	Href       string
	Icon       string
	Key        string        // the letter that leads there after "g"; none when empty
	Permission op.Permission // empty: to everybody who is signed in
}

// Site is the set of pages. Register everything before the first request.
type Site struct {
	Deps
	mux     *http.ServeMux
	routes  []Route
	menu    []MenuItem
	footer  []MenuItem
	limiter *limiter
	metrics *httpMetrics
	cross   *http.CrossOriginProtection
	seal    cipher.AEAD
}

// New returns a Site that serves the assets, the undo and the display switch. It fails when its metrics are
// registered already or the origin is none.
func New(d Deps) (*Site, error) {
	m, err := newHTTPMetrics(d.Metrics)
	if err != nil {
		return nil, err
	}
	cross := http.NewCrossOriginProtection()
	if d.Origin != "" {
		if err := cross.AddTrustedOrigin(d.Origin); err != nil {
			return nil, fmt.Errorf("the site's own origin: %w", err)
		}
	}
	seal, err := newSeal(d.Key)
	if err != nil {
		return nil, err
	}
	s := &Site{
		Deps: d, mux: http.NewServeMux(), metrics: m, cross: cross, seal: seal,
		limiter: newLimiter(d.RatePerSecond, d.RateBurst, d.Clock),
	}
	s.mux.Handle("GET /assets/", ui.AssetHandler())
	s.Page("POST /undo/{id}", ui.Console, s.undo)
	s.Page("POST /display", ui.Plain, s.setDisplay)
	return s, nil
}

// Page registers a page of a face under a pattern of net/http's ServeMux.
func (s *Site) Page(pattern string, face ui.Face, h Handler) {
	s.routes = append(s.routes, Route{Pattern: pattern, Face: face})
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), faceKey, face))
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// Handle registers a handler that answers by itself, such as the JSON API or a stream. It stands behind the same
// protection as the pages.
func (s *Site) Handle(pattern string, h http.Handler) {
	s.routes = append(s.routes, Route{Pattern: pattern})
	s.mux.Handle(pattern, h)
}

// Mux returns the multiplexer, for packages that register many patterns at once, as kernel/api does.
func (s *Site) Mux() *http.ServeMux { return s.mux }

// Menu adds entries to the menus.
func (s *Site) Menu(items ...MenuItem) { s.menu = append(s.menu, items...) }

// Footer adds links to the foot of the pages.
func (s *Site) Footer(items ...MenuItem) { s.footer = append(s.footer, items...) }

// Routes returns the registered pages.
func (s *Site) Routes() []Route { return slices.Clone(s.routes) }

// Handler returns the whole site with its protection.
func (s *Site) Handler() http.Handler {
	var h http.Handler = http.HandlerFunc(s.dispatch)
	for _, wrap := range []func(http.Handler) http.Handler{
		s.withContext, s.withActor, s.protect, s.limit, s.withHeaders, s.withRequest,
	} {
		h = wrap(h)
	}
	return h
}

func (s *Site) dispatch(w http.ResponseWriter, r *http.Request) {
	if exchangeOf(r.Context()).route == "" {
		s.noRoute(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// noRoute answers for addresses nobody serves, or not with this method.
func (s *Site) noRoute(w http.ResponseWriter, r *http.Request) {
	allow := s.allowed(r)
	switch {
	case allow == "" && s.withoutSlash(r) != "":
		http.Redirect(w, r, s.withoutSlash(r), http.StatusPermanentRedirect)
	case allow == "":
		s.fail(w, r, ErrNoPage)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allow+", OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allow+", OPTIONS")
		s.fail(w, r, ErrMethod.With("method", shorten(r.Method, 20)).With("allow", allow))
	}
}

// withoutSlash is the address of the page that was meant by one with a slash at its end; none when there is no such page.
func (s *Site) withoutSlash(r *http.Request) string {
	short, ok := strings.CutSuffix(r.URL.EscapedPath(), "/")
	if !ok || !clean(r.URL.Path) || path.Clean("/"+short) != short || isAPI(r) || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return ""
	}
	to, err := url.Parse(short)
	if err != nil {
		return ""
	}
	meant := r.Clone(r.Context())
	meant.URL, meant.RequestURI = to, ""
	if _, pattern := s.mux.Handler(meant); pattern == "" {
		return ""
	}
	to.RawQuery = r.URL.RawQuery
	return to.String()
}

// allowed asks the multiplexer which methods the address has; none when there is no such address.
func (s *Site) allowed(r *http.Request) string {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		return "" // refused for another reason
	}
	answer := headOnly{}
	h.ServeHTTP(answer, r) // net/http's own 404 or 405, which names the methods
	return http.Header(answer).Get("Allow")
}

// headOnly keeps the head of an answer and drops the rest.
type headOnly http.Header

func (h headOnly) Header() http.Header         { return http.Header(h) }
func (h headOnly) WriteHeader(int)             {}
func (h headOnly) Write(b []byte) (int, error) { return len(b), nil }

type contextKey int

const (
	faceKey contextKey = iota
	exchangeKey
)
