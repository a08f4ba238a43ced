package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"tongban/internal/kernel/i18n"
)

// titled gives a body without an h1 the title of the page as its header, so that every page has exactly one
// (on the portal a Hero brings it).
// The body is rendered first: only then is it known what it brings.
func titled(body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var b bytes.Buffer
		if err := body.Render(ctx, &b); err != nil {
			return err
		}
		s := ShellFrom(ctx)
		if !bytes.Contains(b.Bytes(), []byte("<h1")) && s.Title != "" && (s.Hero == nil || s.Face != Portal) {
			head := PageHeader(PageHead{Title: s.Title})
			if s.Face == Screen {
				head = hiddenTitle(s.Title) // the screen's own header shows it
			}
			if err := head.Render(ctx, w); err != nil {
				return err
			}
		}
		_, err := w.Write(b.Bytes())
		return err
	})
}

// dataScript is data for a script of ours. Marshal escapes <, > and &, so that no text can end the element.
func dataScript(id string, data any) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		b, err := json.Marshal(data)
		if err != nil {
			return err
		}
		if id != "" {
			id = ` id="` + id + `"`
		}
		_, err = io.WriteString(w, `<script type="application/json"`+id+` nonce="`+templ.EscapeString(ShellFrom(ctx).Nonce)+`">`+string(b)+`</script>`)
		return err
	})
}

// scriptWords are the words tongban.js says by itself. Units come as the texts for 1 and 2, in which it puts
// the number.
func scriptWords(ctx context.Context) map[string]any {
	loc := i18n.From(ctx)
	unit := func(key string) []string { return []string{loc.T(key, "n", 1), loc.T(key, "n", 2)} }
	return map[string]any{
		"offline":       loc.T("ui.offline"),
		"online":        loc.T("ui.online"),
		"failed":        loc.T("ui.send_failed"),
		"timeout":       loc.T("ui.send_timeout"),
		"dismiss":       loc.T("ui.dismiss"),
		"show_password": loc.T("ui.show_password"),
		"hide_password": loc.T("ui.hide_password"),
		"just_now":      loc.T("i18n.just_now"),
		"ago":           loc.T("i18n.ago", "duration", "%"),
		"in":            loc.T("i18n.in", "duration", "%"),
		"left":          loc.T("ui.clock_left", "duration", "%"),
		"late":          loc.T("ui.clock_late", "duration", "%"),
		"join":          loc.T("i18n.unit_join"),
		"seconds":       unit("i18n.seconds"),
		"minutes":       unit("i18n.minutes"),
		"hours":         unit("i18n.hours"),
		"days":          unit("i18n.days"),
	}
}

// theme is the value of data-bs-theme: "auto" follows the system by media query, without a script.
func (s *Shell) theme() string {
	switch {
	case s.Face == Screen:
		return "dark"
	case s.Display.Theme == "light", s.Display.Theme == "dark":
		return s.Display.Theme
	}
	return "auto"
}

// root are the attributes of the html element by which the style sheets know the reader's wishes.
func (s *Shell) root(zone *time.Location) templ.Attributes {
	return templ.Attributes{
		"data-now":      s.Now.UTC().Format(time.RFC3339Nano),
		"data-offset":   offset(s.Now.In(zone)),
		"data-face":     string(s.Face),
		"data-bs-theme": s.theme(),
		"data-contrast": s.Display.Contrast,
		"data-large":    s.Display.Large,
		"data-dense":    s.Display.Dense,
	}
}

// offset is how many seconds east of UTC t is shown.
func offset(t time.Time) string {
	_, seconds := t.Zone()
	return strconv.Itoa(seconds)
}

// colorScheme is the value of the meta element, so that the first paint is already light or dark.
func (s *Shell) colorScheme() string {
	if t := s.theme(); t != "auto" {
		return t
	}
	return "light dark"
}

// weuiRoot are the attributes of the body by which WeUI knows the same.
func (s *Shell) weuiRoot() templ.Attributes {
	a := templ.Attributes{}
	if t := s.theme(); t != "auto" {
		a["data-weui-theme"] = t
	}
	if s.Display.Large {
		a["data-weui-mode"] = "care"
	}
	return a
}

// styles are the style sheets of the face, in their order.
func (s *Shell) styles() []string {
	switch s.Face {
	case Console:
		return []string{"tabler.css", "console.css"}
	case Portal:
		return []string{"tabler.css", "portal.css"}
	case Phone:
		return []string{"weui.css", "phone.css"}
	case Screen:
		return []string{"screen.css"}
	}
	return []string{"plain.css"}
}

func (s *Shell) windowTitle() string {
	switch {
	case s.Title == "":
		return s.Org
	case s.Org == "":
		return s.Title
	}
	return s.Title + " · " + s.Org
}

func or(address, otherwise string) string {
	if address == "" {
		return otherwise
	}
	return address
}

func (s *Shell) home() string {
	base := map[Face]string{Console: "/console"}[s.Face]
	return or(s.Home, or(base, "/"))
}

func (s *Shell) help() string {
	if s.Help == "" && s.HelpKey != "" {
		return "/help/" + s.HelpKey
	}
	return s.Help
}

// back is where the arrow of the phone header leads: the last step of the breadcrumb that has an address.
func (s *Shell) back() string {
	for _, c := range slices.Backward(s.Crumbs) {
		if c.Href != "" && c.Href != s.Path {
			return c.Href
		}
	}
	return ""
}

// unfolded reports whether a group of the menu shows its entries: all do while the menu is short, later only
// the one the page is in.
func (s *Shell) unfolded(g NavGroup) bool {
	entries := 0
	for _, other := range s.Groups {
		entries += len(other.Items)
	}
	return entries <= 16 || slices.ContainsFunc(g.Items, func(i NavItem) bool { return i.Current })
}
