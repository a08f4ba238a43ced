package web

import (
	"context"
	"net/http"
	"time"

	"tongban/internal/kernel/api"
	"tongban/internal/kernel/db"
	"tongban/internal/kernel/op"
	"tongban/internal/trust/audit"
)

// searchParams are the filters of the log.
type searchParams struct {
	api.Paging
	Actor   string    `query:"actor" maxLength:"100" doc:"The account's id."`
	Op      string    `query:"op" maxLength:"100"`
	Outcome string    `query:"outcome" enum:"done,refused,failed"`
	Kind    string    `query:"kind" maxLength:"100" doc:"Kind of the thing; with thing."`
	Thing   string    `query:"thing" maxLength:"100"`
	From    time.Time `query:"from"`
	To      time.Time `query:"to" doc:"Exclusive."`
	Text    string    `query:"q" maxLength:"100" doc:"Words of labels, reasons and names, or a request's id."`
}

type entryID struct {
	ID string `path:"id" maxLength:"36"`
}

func registerAPI(a *api.API, s *audit.Service) {
	api.Register(a, api.Route{ID: "search-audit", Method: http.MethodGet, Path: "/audit/entries", Tag: "audit", Summary: "Search the audit log, newest first"},
		func(ctx context.Context, in *searchParams) (*api.Body[api.List[audit.Entry]], error) {
			list, err := s.Search(ctx, audit.Filter{
				ActorID: in.Actor, Op: in.Op, Outcome: op.Outcome(in.Outcome), ThingKind: in.Kind, ThingID: in.Thing, From: in.From, To: in.To,
				Text: in.Text, Page: db.Page{Cursor: in.Cursor, Limit: in.Limit},
			})
			return &api.Body[api.List[audit.Entry]]{Body: api.List[audit.Entry]{Items: list.Entries, Next: list.Next}}, err
		})
	api.Register(a, api.Route{ID: "get-audit-entry", Method: http.MethodGet, Path: "/audit/entries/{id}", Tag: "audit", Summary: "Get an entry with all it changed"},
		func(ctx context.Context, in *entryID) (*api.Body[audit.Entry], error) {
			e, err := s.Entry(ctx, audit.EntryRef{ID: in.ID})
			return &api.Body[audit.Entry]{Body: e}, err
		})
}
