package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
)

// The failures of this package.
var (
	ErrNoPage    = errs.Define(errs.NotFound, "web.no_page")
	ErrMethod    = errs.DefineStatus(errs.Invalid, "web.method", http.StatusMethodNotAllowed)
	ErrCrossSite = errs.Define(errs.Denied, "web.cross_site")
	ErrTooMany   = errs.DefineStatus(errs.Unavailable, "web.too_many", http.StatusTooManyRequests)
	ErrTooLarge  = errs.DefineStatus(errs.Invalid, "web.too_large", http.StatusRequestEntityTooLarge)
	ErrTooSlow   = errs.DefineStatus(errs.Invalid, "web.too_slow", http.StatusRequestTimeout)
	ErrBadBody   = errs.DefineStatus(errs.Invalid, "web.bad_body", http.StatusBadRequest)
	ErrBadText   = errs.DefineStatus(errs.Invalid, "web.bad_text", http.StatusBadRequest)
	ErrMediaType = errs.DefineStatus(errs.Invalid, "web.media_type", http.StatusUnsupportedMediaType)
	ErrSheetFull = errs.Define(errs.Invalid, "web.sheet_full")
)

// BadBody classifies a body that could not be read. Of a cause that may repeat what was sent only the type remains,
// since it is logged.
func BadBody(err error) error {
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &tooLarge):
		return ErrTooLarge.With("max", tooLarge.Limit)
	case errors.As(err, &network) && network.Timeout():
		return ErrTooSlow
	}
	return ErrBadBody.Because(fmt.Errorf("%T", err))
}

// log logs a failed request once: what is our fault as an error, what is the reader's quietly.
func (s *Site) log(ctx context.Context, err error) {
	e := errs.From(err)
	level := slog.LevelDebug
	if e.Kind == errs.Internal {
		level = slog.LevelError
	}
	s.Log.Log(ctx, level, "request failed", "code", e.Code, "error", err)
}

// Fail answers a failed request, for handlers that answer by themselves; those of Page return the error instead.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, err) }

// fail answers a failed request. When an answer has begun already, it is broken off.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	if x.began {
		s.log(r.Context(), err)
		abort()
	}
	for _, name := range aboutBody {
		w.Header().Del(name)
	}
	if errors.Is(err, ErrTooSlow) { // net/http takes the missing rest for a client that has gone, but it may still listen
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	if x.api {
		s.failAPI(w, r, err)
		return
	}
	s.log(r.Context(), err)
	if errors.Is(err, op.ErrSessionRequired) {
		s.toSignIn(w, r)
		return
	}
	page, err := s.failPage(r, err)
	if err == nil {
		err = s.Render(w, r, page)
	}
	if errors.Is(err, context.Canceled) {
		x.end(statusClientGone)
	} else if err != nil {
		s.log(r.Context(), fmt.Errorf("error page: %w", err))
		x.end(http.StatusInternalServerError)
	}
}

// statusClientGone counts requests whose client did not wait for the answer, as nginx does; nobody receives it.
const statusClientGone = 499

// aboutBody are the headers a handler may have set for an answer that did not come about.
var aboutBody = []string{
	"Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Accept-Ranges", "Etag",
	"Last-Modified", "Location", "Refresh",
}

// failPage is the question to confirm, or an error page.
func (s *Site) failPage(r *http.Request, err error) (Page, error) {
	var unconfirmed *op.NeedsConfirmation
	if !errors.As(err, &unconfirmed) {
		return s.errorPage(r, errs.From(err)), nil
	}
	if safe(r.Method) || hasFiles(r) {
		defect := fmt.Errorf("%s cannot be confirmed: it was asked for by %s or with files, which a confirmation cannot repeat",
			unconfirmed.Spec.Name, r.Method)
		s.log(r.Context(), defect)
		return s.errorPage(r, errs.From(defect)), nil
	}
	return s.confirmPage(r, unconfirmed)
}

func hasFiles(r *http.Request) bool { return r.MultipartForm != nil && len(r.MultipartForm.File) > 0 }

// Problem is an error of the JSON API after RFC 9457.
type Problem struct {
	Type     string         `json:"type" doc:"Always about:blank; the code tells failures apart."`
	Title    string         `json:"title" doc:"What is wrong, in the language of the caller."`
	Status   int            `json:"status" doc:"The HTTP status."`
	Code     string         `json:"code" doc:"Stable code of the failure."`
	Instance string         `json:"instance,omitempty" doc:"Id of the request."`
	Errors   []ProblemField `json:"errors,omitempty"`
	wait     int            // seconds after which to try again
}

// ProblemField is one part of the input that is wrong.
type ProblemField struct {
	Field   string `json:"field" doc:"The name of the field, e.g. login or lines.2.amount; empty: the whole body."`
	Code    string `json:"code" doc:"Stable code of the rule it breaks."`
	Message string `json:"message" doc:"The rule, in the language of the caller; never what was sent."`
}

// Error returns the code, for logs.
func (p *Problem) Error() string { return p.Code }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType says that the body is a problem, whatever was asked for.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns what goes with the status: how to authenticate, and when to try again.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(p.wait))
	}
	return h
}

// Problem logs a failure of the API once and returns its form for the caller.
func (s *Site) Problem(ctx context.Context, err error) *Problem {
	s.log(ctx, err)
	return NewProblem(ctx, err)
}

// NewProblem returns the API's form of a failure, in the language of the request.
func NewProblem(ctx context.Context, err error) *Problem {
	e, loc := errs.From(err), i18n.From(ctx)
	p := &Problem{
		Type: "about:blank", Title: Message(loc, e), Status: errs.Status(err), Code: e.Code, Instance: op.RequestFrom(ctx),
	}
	if e.Kind == errs.Unavailable {
		p.wait, _ = e.Params["seconds"].(int)
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemField{Field: f.Name, Code: f.Code, Message: loc.TMap("error."+f.Code, f.Params)})
	}
	return p
}

func (s *Site) failAPI(w http.ResponseWriter, r *http.Request, err error) {
	p := s.Problem(r.Context(), err)
	h := w.Header()
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	h.Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		s.Log.DebugContext(r.Context(), "answer not delivered", "error", err)
	}
}

// Message is the text of a failure for the reader. A code without a translation gets the generic one of its kind.
func Message(loc i18n.Locale, e *errs.Error) string {
	if !loc.Has("error." + e.Code) {
		return loc.T("error." + errs.CodeInternal)
	}
	return loc.TMap("error."+e.Code, e.Params)
}

// FieldErrors returns the texts of an Invalid error by field, for a form that is shown again, and true; or false
// when err is not about the input. A general message stands under the empty name.
func FieldErrors(r *http.Request, err error) (map[string]string, bool) {
	e := errs.From(err)
	if e == nil || (e.Kind != errs.Invalid && e.Kind != errs.Conflict && e.Kind != errs.Unavailable) {
		return nil, false
	}
	loc, texts := i18n.From(r.Context()), map[string]string{}
	for _, f := range e.Fields {
		texts[f.Name] = loc.TMap("error."+f.Code, f.Params)
	}
	if len(texts) == 0 {
		texts[""] = Message(loc, e)
	}
	return texts, true
}

// toSignIn sends the reader to the sign-in page and from there back: to the page they asked for or, when they sent a
// form or asked for a part of a page, to the page that holds it.
func (s *Site) toSignIn(w http.ResponseWriter, r *http.Request) {
	byScript := r.Header.Get("HX-Request") == "true"
	next := LocalPath(r.URL.RequestURI(), "/")
	if !safe(r.Method) || byScript {
		next = pageBefore(r, "/")
	}
	to := "/sign-in?next=" + url.QueryEscape(next)
	if byScript {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *Site) errorPage(r *http.Request, e *errs.Error) Page {
	loc := i18n.From(r.Context())
	title := loc.T("web.error_title." + e.Kind.String())
	tone := ui.Warning
	if e.Kind == errs.Internal {
		tone = ui.Danger
	}
	return Page{Title: title, Status: errs.Status(e), face: s.errorFace(r, e), Body: ui.Result(ui.ResultView{
		Tone: tone, Title: title, Text: Message(loc, e), Faults: faultTexts(loc, e), Number: loc.T("web.request_id", "id", op.RequestFrom(r.Context())),
		Actions: []ui.ButtonView{{Label: loc.T("web.home"), Href: s.home(r), Kind: ui.Primary}},
	})}
}

// faultTexts are what is wrong with each field, for a page without the form that would show them.
func faultTexts(loc i18n.Locale, e *errs.Error) []string {
	var texts []string
	for _, f := range e.Fields {
		if text := loc.TMap("error."+f.Code, f.Params); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts[:min(len(texts), mostFaults)]
}

// mostFaults bounds the error page of a form with a fault in each of its thousand lines.
const mostFaults = 20

// errorFace leaves staff who went wrong in the console their menu. Others, and whatever may be broken itself, get the
// plain face.
func (s *Site) errorFace(r *http.Request, e *errs.Error) ui.Face {
	wrong := e.Kind != errs.Internal && e.Kind != errs.Unavailable
	if wrong && inConsole(r) && s.isStaff(op.ActorFrom(r.Context())) {
		return ui.Console
	}
	return ui.Plain
}

// isStaff reports whether the actor may open anything of the console that is not open to everybody.
func (s *Site) isStaff(a op.Actor) bool {
	return slices.ContainsFunc(s.menu, func(m MenuItem) bool {
		return m.Face == ui.Console && m.Permission != "" && a.Can(m.Permission)
	})
}

// inConsole reports whether a page of the console was asked for, or one that is missing below its address.
func inConsole(r *http.Request) bool {
	if face, ok := r.Context().Value(faceKey).(ui.Face); ok {
		return face == ui.Console
	}
	return r.URL.Path == "/console" || strings.HasPrefix(r.URL.Path, "/console/")
}

// home is where a reader who is lost goes on: the front page of the face they are on.
func (s *Site) home(r *http.Request) string {
	if inConsole(r) && s.isStaff(op.ActorFrom(r.Context())) {
		return "/console"
	}
	return "/"
}
