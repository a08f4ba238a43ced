package ui

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"tongban/internal/kernel/i18n"
)

// Face is one of the looks of the program; each has its own layout and base path.
type Face string

// The faces.
const (
	Console Face = "console" // staff, desktop first: side bar with the wings, dense tables
	Portal  Face = "portal"  // the public: calm, large search
	Phone   Face = "phone"   // phone first: WeUI cells and bottom tabs
	Screen  Face = "screen"  // big screens: dark, 1920×1080, no scrolling
	Plain   Face = "plain"   // sign-in and error pages: one centred card
)

// Shell is everything around the body of a page. kernel/web fills it from the request; layouts and widgets
// read it from the context with ShellFrom, so that no page passes it on by hand.
type Shell struct {
	Face     Face
	Title    string
	Crumbs   []Crumb    // where am I; the last one is the page itself and has no address
	Groups   []NavGroup // the menu of this face, only what this person may open
	Tabs     []NavItem  // the bottom tabs of the phone face
	User     *User      // nil before sign-in
	Org      string     // the organisation's name
	Display  Display
	Flashes  []Flash
	HelpKey  string // page key of the help article
	Path     string // the path of this page, to mark the menu and to come back after a switch of display
	Now      time.Time
	CSRF     string // the value of the hidden field "csrf" of every form
	Nonce    string // the CSP nonce of this answer
	Live     string // the address of the page's live stream; empty when nothing on it moves by itself
	Requests string // the request id, shown on error pages

	// What follows may stay empty; the layouts then leave the thing out or use the address given here.
	Home     string          // the first page of this face; "/" or the face's base path
	Search   string          // where the search box of the top bar leads (GET, parameter "q")
	SignIn   string          // "/sign-in"
	SignOut  string          // "/sign-out", by POST
	Account  string          // the page of the signed-in person's own account
	EndActs  string          // where a POST ends acting for the company
	Help     string          // the help article of this page; "/help/" and HelpKey
	Inbox    *NavItem        // notifications, with their count
	Links    []NavItem       // the footer: help, feedback, accessibility statement
	Announce *NoticeView     // a line across every page of the face
	Hero     templ.Component // portal: the large band below the header
	Manifest string          // phone: the address of the web app manifest
}

// Crumb is one step of the breadcrumb.
type Crumb struct{ Label, Href string }

// NavGroup is one wing in the menu.
type NavGroup struct {
	Label string
	Items []NavItem
}

// NavItem is one entry of a menu.
type NavItem struct {
	Label   string
	Href    string
	Icon    string // a name of the icon set
	Count   int64  // shown as a badge when above zero
	Current bool
	Key     string // the letter that leads there after "g"; none when empty
}

// User is the signed-in person as the layouts show them.
type User struct {
	Name     string
	Role     string // the names of their roles, joined
	OnBehalf string // the company they act for; shown on every page while set
}

// Display is how this reader wants to see pages. It is kept in a cookie, so it works before sign-in.
type Display struct {
	Theme    string // "auto", "light" or "dark"
	Contrast bool   // high contrast
	Large    bool   // large type (适老化)
	Dense    bool   // tight tables
}

// Flash tells what just happened. It is announced to screen readers.
type Flash struct {
	Kind     string // "success", "info", "warning" or "danger"
	Text     string
	UndoHref string // where a POST undoes it; empty when it cannot be undone
}

type shellKey struct{}

// WithShell returns a context whose layouts and widgets read s.
func WithShell(ctx context.Context, s *Shell) context.Context {
	return context.WithValue(ctx, shellKey{}, s)
}

// ShellFrom returns the shell of the page being rendered; an empty one outside a page.
func ShellFrom(ctx context.Context) *Shell {
	if s, ok := ctx.Value(shellKey{}).(*Shell); ok {
		return s
	}
	return &Shell{Face: Plain, Display: Display{Theme: "auto"}}
}

// T is the text of key in the reader's language.
func T(ctx context.Context, key string, pairs ...any) string { return i18n.From(ctx).T(key, pairs...) }

// Layout wraps body in the layout of the shell's face. The whole document is its output.
func Layout(ctx context.Context, body templ.Component) templ.Component {
	body = titled(body)
	switch ShellFrom(ctx).Face {
	case Console:
		return consoleLayout(body)
	case Portal:
		return portalLayout(body)
	case Phone:
		return phoneLayout(body)
	case Screen:
		return screenLayout(body)
	default:
		return plainLayout(body)
	}
}
