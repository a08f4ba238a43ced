// Package ui is the widget kit: what every page of Tongban is made of, so that one function looks, reads and
// works the same everywhere. It knows no module and no rule; it draws display-ready values.
//
// A page is a templ component made of widgets. kernel/web puts a Shell into the context (who reads, in which
// language, with which menu), and Layout wraps the page in the layout of its face. Widgets read the shell for
// what they need of it (CSRF value, nonce, the time now), so pages pass nothing on by hand:
//
//	@ui.PageHeader(ui.PageHead{Title: "运维工单", Primary: &ui.ButtonView{Label: "新建工单", Href: "/console/orders/new"}})
//	@ui.FilterBar(v.Filter)
//	@ui.Table(v.Orders)
//	@ui.Pager(v.Pager)
//
// What holds for all of them:
//
//   - They work without scripts. assets/js adds comfort and finds its elements by data- attributes.
//   - They keep a policy of script-src and style-src 'self' with a nonce: no style attribute, no inline handler, no
//     data: picture, no hx-on. Widths come from <progress> and SVG attributes.
//   - Every POST form carries "csrf" and "form_id" (a new id per rendering, by which a repeated submission is
//     known) and forbids autofill unless it is the sign-in form (MB-pi.protect-13).
//   - Colours come in tones (Tone); the word beside a colour says the same. Light, dark, high contrast and large
//     type (适老化) are attributes of the html element, which tokens.css and modes.css turn into colours and sizes.
//   - A page has one h1: from PageHeader, Hero or Result, otherwise the layout makes it of the title.
//
// The display menu POSTs to /display: one of theme (auto, light, dark), contrast, large, dense (on, off) or lang,
// with csrf and return.
//
// A live page names its stream (kernel/live) in Shell.Live. When a topic moves, an element with data-live="topic"
// and an id is fetched anew from the page's own address and merged in place. A tab nobody sees has no stream, and over
// HTTPS tabs that watch the same topics share one, since browsers open six connections to a site.
//
// Assets are embedded, joined to one style sheet and one script per face, named by their content, compressed
// and cached for ever: Asset names them, AssetHandler serves them. assets/vendor is written by
// internal/tools/vendorassets. KitPage, KitPhonePage and KitScreenPage are the living gallery.
package ui
