package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Viewport is a size of the window, in CSS pixels.
type Viewport struct {
	Width, Height int64
	Phone         bool // with touch, and the layout of a phone's browser
}

// The sizes in which every page is looked at.
var (
	Desktop = Viewport{Width: 1360, Height: 900}
	Mobile  = Viewport{Width: 390, Height: 844, Phone: true}
)

// patience is how long an action may take. Only a test that fails waits so long.
const patience = 15 * time.Second

// Page is one person's window.
type Page struct {
	ctx    context.Context
	close  func()
	mu     sync.Mutex
	faults []string
	urls   map[network.RequestID]string
}

// NewPage opens an empty page with cookies of its own.
func (b *Browser) NewPage(v Viewport) (*Page, error) {
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{ctx: ctx, close: cancel, urls: map[network.RequestID]string{}}
	err := errors.Join(chromedp.Listen(ctx, p.observe), p.Resize(v))
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open a page: %w", err)
	}
	return p, nil
}

// Close closes the page and forgets its cookies.
func (p *Page) Close() { p.close() }

// observe runs on the goroutine that reads from the browser: it only takes notes.
func (p *Page) observe(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "assert" {
			p.faults = append(p.faults, "console: "+describe(e.Args))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.faults = append(p.faults, "exception: "+text)
	case *log.EventEntryAdded:
		// The browser repeats failed requests here, without their address.
		if e.Entry.Level == "error" && e.Entry.Source != "network" {
			p.faults = append(p.faults, "console: "+e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		p.urls[e.RequestID] = e.Request.URL
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			p.faults = append(p.faults, fmt.Sprintf("request: %d %s", e.Response.Status, e.Response.URL))
		}
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
			p.faults = append(p.faults, "request: "+e.ErrorText+" "+p.urls[e.RequestID])
		}
	}
}

func describe(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		if a.Description != "" {
			words = append(words, a.Description)
		} else {
			words = append(words, string(a.Value))
		}
	}
	return strings.Join(words, " ")
}

// Faults returns what went wrong in the page since the last call.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	faults := p.faults
	p.faults = nil
	return faults
}

func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Resize gives the page another size.
func (p *Page) Resize(v Viewport) error {
	var options []chromedp.EmulateViewportOption
	if v.Phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	return p.do("resize", chromedp.EmulateViewport(v.Width, v.Height, options...))
}

// ErrDownload says that an address answered with a file, not with a page.
var ErrDownload = errors.New("a download")

// Open loads an address, waits until the page has settled, and returns the HTTP status.
func (p *Page) Open(url string) (int, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.Run(ctx, chromedp.NavigateResponse(url))
	var load *chromedp.LoadError
	if errors.As(err, &load) && load.ErrorText == "net::ERR_ABORTED" {
		return 0, ErrDownload
	}
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", url, err)
	}
	if response == nil {
		return 0, fmt.Errorf("open %s: no answer", url)
	}
	return int(response.Status), p.Settle()
}

// Reload loads the page again and waits until it has settled.
func (p *Page) Reload() error {
	return errors.Join(p.do("reload", chromedp.Reload()), p.Settle())
}

// Settle waits until the page is loaded with its fonts and no htmx request is under way.
func (p *Page) Settle() error {
	return p.Until(`document.readyState === "complete" && document.fonts.status === "loaded" && !document.querySelector(".htmx-request:not([data-demo])")`)
}

// Until waits until the JavaScript expression is true. It outlives changes of the page.
func (p *Page) Until(condition string) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		// An evaluation fails while the page changes; the next one sees the new page.
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+condition+")"))
		if err == nil && ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for %s: %w", condition, ctx.Err()), last)
		}
	}
}

// Wait waits until an element that matches the selector is visible.
func (p *Page) Wait(selector string) error {
	return p.Until(fmt.Sprintf("document.querySelector(%s)?.checkVisibility()", strconv.Quote(selector)))
}

// Click waits for the element and clicks its middle.
func (p *Page) Click(selector string) error {
	return p.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Fill waits for the field, empties it and types the text.
func (p *Page) Fill(selector, text string) error {
	field := chromedp.CSS(selector)
	return p.do("fill "+selector, chromedp.WaitVisible(field), chromedp.Clear(field), chromedp.SendKeys(field, text))
}

// Press types keys, such as kb.Tab of chromedp, where the focus is.
func (p *Page) Press(keys string) error { return p.do("press keys", chromedp.KeyEvent(keys)) }

// Text waits for the element and returns its visible text.
func (p *Page) Text(selector string) (string, error) {
	if err := p.Wait(selector); err != nil {
		return "", err
	}
	return Eval[string](p, fmt.Sprintf("document.querySelector(%s).innerText", strconv.Quote(selector)))
}

// Location returns the address of the page.
func (p *Page) Location() (string, error) { return Eval[string](p, "location.href") }

// Eval runs JavaScript in the page and returns its value; a promise is waited for.
func Eval[T any](p *Page, script string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		return value, fmt.Errorf("run a script in the page: %w", err)
	}
	return value, nil
}

// Screenshot writes what the window shows as PNG. Folders are made.
func (p *Page) Screenshot(file string) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return fmt.Errorf("take a picture: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}

// SignIn signs in with the form at base + "/sign-in" and waits for the page after it.
func (p *Page) SignIn(base, login, password string) error {
	if status, err := p.Open(base + "/sign-in"); err != nil || status != 200 {
		return fmt.Errorf("the sign-in page answers %d: %w", status, err)
	}
	const form = `form:has(input[name=password]) `
	err := errors.Join(p.Fill(form+"input[name=login]", login), p.Fill(form+"input[name=password]", password))
	if err != nil {
		return err
	}
	if err := p.Click(form + `:is(button:not([type]), button[type=submit])`); err != nil {
		return err
	}
	if err := p.Until(`location.pathname !== "/sign-in"`); err != nil {
		return fmt.Errorf("sign in as %s: %w; the page says %v", login, err, slices.Compact(p.Faults()))
	}
	return p.Settle()
}
