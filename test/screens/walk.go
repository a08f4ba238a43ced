package main

import (
	"errors"
	"fmt"
	"net/url"

	"tongban/test/browser"
)

// walk is one person's way through the program.
type walk struct {
	*survey
	account
	page  *browser.Page
	queue []link
	seen  map[string]bool // routes
	size  browser.Viewport
}

// link is an address to open.
type link struct {
	url  *url.URL
	from string // the route of the page that has it; empty for the start of a face
}

func (s *survey) walk(a account) error {
	page, err := s.browser.NewPage(browser.Desktop)
	if err != nil {
		return err
	}
	defer page.Close()
	w := &walk{survey: s, account: a, page: page, seen: map[string]bool{}, size: browser.Desktop}
	starts := s.org.Faces
	if a.Login == "" {
		starts = append([]string{"/sign-in"}, starts...)
	} else if err := page.SignIn(s.org.Address, a.Login, a.Password); err != nil {
		return err
	}
	for _, face := range starts {
		if err := w.add(s.org.Address+face, ""); err != nil {
			return err
		}
	}
	for len(w.queue) > 0 && len(w.seen) <= maxPages {
		next := w.queue[0]
		w.queue = w.queue[1:]
		if err := w.visit(next); err != nil {
			return err
		}
	}
	if len(w.queue) > 0 {
		s.report(a.Role, w.queue[0].from, w.size, fmt.Sprintf("more than %d routes from here: the walk stopped", maxPages))
	}
	return nil
}

// add queues an address whose route is new.
func (w *walk) add(address, from string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if pattern := route(u); isPage(u) && !w.seen[pattern] {
		w.seen[pattern] = true
		w.queue = append(w.queue, link{u, from})
	}
	return nil
}

// visit opens a page and looks at it in both sizes. An error ends the walk; a problem of the page is reported.
func (w *walk) visit(l link) error {
	if err := w.resize(browser.Desktop); err != nil {
		return err
	}
	pattern := route(l.url)
	status, err := w.page.Open(l.url.String())
	if errors.Is(err, browser.ErrDownload) {
		return nil
	}
	if err != nil {
		w.report(w.Role, pattern, w.size, err.Error())
		w.page.Faults() // they belong to what has been reported
		return nil
	}
	if status >= 400 {
		w.page.Faults() // the browser repeats the status
		if l.from != "" {
			w.report(w.Role, pattern, w.size, fmt.Sprintf("answers %d, linked from %s", status, l.from))
		} else if status != 401 && status != 403 { // the start of a face that is not theirs
			w.report(w.Role, pattern, w.size, fmt.Sprintf("the start of a face answers %d", status))
		}
		return nil
	}
	landed, err := w.landed(pattern)
	if err != nil || !landed {
		return err
	}
	if err := w.look(pattern, true); err != nil {
		return err
	}
	if err := w.resize(browser.Mobile); err != nil {
		return err
	}
	return w.look(pattern, false)
}

// landed reports whether the page is new after redirects.
func (w *walk) landed(asked string) (bool, error) {
	location, err := w.page.Location()
	if err != nil {
		return false, err
	}
	u, err := url.Parse(location)
	if err != nil {
		return false, err
	}
	pattern := route(u)
	if pattern == asked {
		return true, nil
	}
	w.page.Faults() // the page it leads to is visited by itself
	return false, w.add(u.Scheme+"://"+u.Host+u.RequestURI(), asked)
}

// look checks the open page in the present size and takes its picture.
func (w *walk) look(pattern string, follow bool) error {
	sight, err := w.page.Inspect(w.size, w.prefixes)
	if err != nil {
		return err
	}
	for _, element := range sight.Sideways {
		w.report(w.Role, pattern, w.size, "scrolls sideways because of "+element)
	}
	for _, key := range sight.Keys {
		w.report(w.Role, pattern, w.size, "no translation for "+key)
	}
	if w.first(check{pattern, sight.Structure, w.size.Width}) {
		found, err := w.page.Axe()
		if err != nil {
			return err
		}
		for _, v := range found {
			w.report(w.Role, pattern, w.size, v.String())
		}
	}
	file := w.keep(shot{role: w.Role, route: pattern, title: sight.Title, width: w.size.Width})
	if err := w.page.Screenshot(file); err != nil {
		return err
	}
	for _, fault := range w.page.Faults() {
		w.report(w.Role, pattern, w.size, fault)
	}
	if !follow {
		return nil
	}
	for _, address := range sight.Links {
		if err := w.add(address, pattern); err != nil {
			return err
		}
	}
	return nil
}

// resize changes the size of the page as it is, as turning a phone or pulling at a window does.
func (w *walk) resize(v browser.Viewport) error {
	if w.size == v {
		return nil
	}
	w.size = v
	return errors.Join(w.page.Resize(v), w.page.Settle())
}
