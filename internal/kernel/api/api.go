package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tongban/internal/kernel/web"
)

// Prefix is the base path of the API.
const Prefix = "/api/v1"

// API is the JSON API of one site.
type API struct {
	huma     huma.API
	site     *web.Site
	document func() ([]byte, error)
}

// New puts the API on the site's multiplexer, behind the site's protection, and serves its document at
// /api/openapi.json. Register all operations before the first request.
func New(site *web.Site, version string) *API {
	cfg := huma.DefaultConfig("Tongban 通办", version)
	cfg.DocsPath, cfg.SchemasPath, cfg.OpenAPIPath = "", "", "" // huma makes its document without a lock
	cfg.CreateHooks = nil                                       // no $schema in every answer
	cfg.RejectUnknownQueryParameters = true
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token of `tongban token` or of the console."},
	}
	cfg.Security = []map[string][]string{{"token": {}}}
	setUpHuma()
	a := &API{huma: humago.New(site.Mux(), cfg), site: site}
	a.document = sync.OnceValues(func() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() })
	a.huma.UseMiddleware(a.guard)
	site.Handle("GET /api/openapi.json", http.HandlerFunc(a.serveDocument))
	return a
}

// Document returns the OpenAPI document as JSON.
func (a *API) Document() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() }

func (a *API) serveDocument(w http.ResponseWriter, r *http.Request) {
	raw, err := a.document()
	if err != nil {
		a.site.Fail(w, r, fmt.Errorf("OpenAPI document: %w", err))
		return
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(raw) // fails only when the client has gone
}

// Route describes one operation of the API.
type Route struct {
	ID      string // kebab-case, unique
	Method  string
	Path    string // below Prefix
	Tag     string // the module
	Summary string
	Status  int // of success; 200 when zero
}

// Body is an answer with a JSON body.
type Body[T any] struct{ Body T }

// Paging are the query parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200" doc:"How many at most."`
	Cursor string `query:"cursor" maxLength:"500" doc:"The next of the page before."`
}

// List is one page of a list.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page; absent at the end."`
}

// fill makes a list without items an empty list in JSON, too.
func (l *List[T]) fill() {
	if l.Items == nil {
		l.Items = []T{}
	}
}

// filled fills the list that out, an answer of huma, has as its body.
func filled(out any) {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	if body := v.Elem().FieldByName("Body"); body.IsValid() && body.Addr().CanInterface() {
		if l, ok := body.Addr().Interface().(interface{ fill() }); ok {
			l.fill()
		}
	}
}

// Register adds an operation. The handler's error may be any error of a service.
func Register[In, Out any](a *API, r Route, h func(context.Context, *In) (*Out, error)) {
	o := huma.Operation{
		OperationID: r.ID, Method: r.Method, Path: Prefix + r.Path, Tags: []string{r.Tag}, Summary: r.Summary,
		DefaultStatus: r.Status, Errors: []int{400, 401, 403, 404, 409, 412, 422, 429, 503},
		MaxBodyBytes:    -1, // the site bounds it
		BodyReadTimeout: time.Minute,
	}
	if r.Method != http.MethodGet {
		o.Errors = append(o.Errors, 408, 413, 415)
	}
	if r.Method != http.MethodGet {
		o.Parameters = []*huma.Param{{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(100), Pattern: `^[!-~]+$`},
			Description: "The same key from the same caller is done once and answered the same.",
		}}
	}
	huma.Register(a.huma, o, func(ctx context.Context, in *In) (*Out, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, a.site.Problem(ctx, err)
		}
		filled(out)
		return out, nil
	})
}

func ptr[T any](v T) *T { return &v }
