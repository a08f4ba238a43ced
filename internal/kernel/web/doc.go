// Package web serves the pages: routing, who is asking, protection, and rendering.
//
// A room's web package registers its pages on a Site and its handlers follow one pattern: parse, one operation,
// view, Render.
//
//	func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
//		found, err := p.desk.ListTickets(r.Context(), parseFilter(r))
//		if err != nil {
//			return err
//		}
//		return p.site.Render(w, r, web.Page{Title: …, Body: ticketList(view(found))})
//	}
//
// A returned error becomes a page, a fragment or a redirect in one place (errors.go), and is logged there once.
//
// # What every request gets
//
// In this order: a request id; the client's address and whether it came over HTTPS (through trusted proxies only); the
// security headers with a fresh CSP nonce; a limit per address (per /64 of IPv6) and on the body; refusal of cross-site
// writes (Sec-Fetch-Site and Origin, and a token bound to a cookie in every form) and of what is no UTF-8 text; the
// actor of the session cookie or the bearer token; the reader's language and display. Which of these apply is decided
// by the route that serves the request, not by how its address is spelt. Hidden form fields arrive as values of the
// context that kernel/op understands: form_id (a form is done once, however often it is sent), confirm_token and
// confirm (a serious operation), reason.
//
// Refused cross-site writes and form tokens are counted (tongban_http_refused_total by reason) and not audited, by
// design: nobody knows yet who asks, and whoever can send requests could fill the audit log with them.
//
// A page that asks for a confirmation repeats nothing of the form: its fields travel sealed, readable for this program
// only, bound to the browser and the address (seal.go). A serious operation therefore takes no files.
//
// A failure or panic after the first byte of an answer breaks the connection off, so that half a file never looks
// whole. Each piece of an answer has to be accepted within two minutes, unless the handler sets its own deadlines.
//
// Dynamic pages are never stored by browsers or proxies (MB-pi.protect-14).
package web
