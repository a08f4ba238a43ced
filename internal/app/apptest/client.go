package apptest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Client is a browser without scripts. It keeps cookies and follows no redirect.
type Client struct {
	Login string // of the account; empty before sign-in
	http  *http.Client
	app   *App
	t     testing.TB
}

// Browser returns a browser nobody has signed in with.
func (a *App) Browser() *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return &Client{app: a, t: a.t, http: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Page is an answer.
type Page struct {
	Status int
	Header http.Header
	Body   string
	URL    *url.URL
	doc    *goquery.Document
	client *Client
}

// Get asks for a path of the application.
func (c *Client) Get(path string) *Page {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodGet, c.app.URL+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.Do(req)
}

// Do sends any request, with the browser's cookies.
func (c *Client) Do(req *http.Request) *Page {
	c.t.Helper()
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	return &Page{Status: resp.StatusCode, Header: resp.Header, Body: string(body), URL: req.URL, doc: doc, client: c}
}

// Find returns the elements that a CSS selector matches.
func (p *Page) Find(selector string) *goquery.Selection { return p.doc.Find(selector) }

// Text is the readable text of the page, white space folded.
func (p *Page) Text() string { return strings.Join(strings.Fields(p.doc.Find("body").Text()), " ") }

// Follow asks for where a redirect leads.
func (p *Page) Follow() *Page {
	p.client.t.Helper()
	to, err := p.URL.Parse(p.Header.Get("Location"))
	if err != nil || p.Header.Get("Location") == "" {
		p.client.t.Fatalf("no redirect but %d:\n%s", p.Status, p.Text())
	}
	return p.client.Get(to.RequestURI())
}

// Form is a form of a page, as the browser would send it.
type Form struct {
	page   *Page
	action string
	values url.Values
}

// Form returns the first form that a selector matches, filled as the page fills it.
func (p *Page) Form(selector string) *Form {
	p.client.t.Helper()
	form := p.doc.Find(selector).First()
	if form.Length() == 0 {
		p.client.t.Fatalf("no form %s on %s (%d):\n%s", selector, p.URL, p.Status, p.Text())
	}
	f := &Form{page: p, action: form.AttrOr("action", p.URL.RequestURI()), values: url.Values{}}
	form.Find("input, textarea, select").Each(func(_ int, field *goquery.Selection) {
		name, ok := field.Attr("name")
		if !ok {
			return
		}
		kind := field.AttrOr("type", "")
		_, checked := field.Attr("checked")
		switch {
		case goquery.NodeName(field) == "select":
			f.values.Set(name, field.Find("option[selected]").AttrOr("value", ""))
		case goquery.NodeName(field) == "textarea":
			f.values.Add(name, field.Text())
		case (kind == "checkbox" || kind == "radio") && !checked:
		default:
			f.values.Add(name, field.AttrOr("value", ""))
		}
	})
	return f
}

// Set fills a field in.
func (f *Form) Set(name string, values ...string) *Form {
	f.values[name] = values
	return f
}

// Submit sends the form.
func (f *Form) Submit() *Page {
	f.page.client.t.Helper()
	to, err := f.page.URL.Parse(f.action)
	if err != nil {
		f.page.client.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(f.values.Encode()))
	if err != nil {
		f.page.client.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Referer", f.page.URL.String())
	return f.page.client.Do(req)
}

// Cookies returns the browser's cookies, for requests that do not go through it.
func (c *Client) Cookies() []*http.Cookie {
	at, err := url.Parse(c.app.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.http.Jar.Cookies(at)
}
