package browser

import "testing"

// Visit is a page in a test. What fails ends the test; what the page complains about fails it at the end.
type Visit struct {
	t    testing.TB
	page *Page
	base string
	view Viewport
}

// Visit opens a page for a test, on the program at base.
func (b *Browser) Visit(t testing.TB, base string, view Viewport) *Visit {
	t.Helper()
	p, err := b.NewPage(view)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, fault := range p.Faults() {
			t.Errorf("the page complained: %s", fault)
		}
		p.Close()
	})
	return &Visit{t: t, page: p, base: base, view: view}
}

func (v *Visit) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// Page returns the page itself, for what Visit does not offer.
func (v *Visit) Page() *Page { return v.page }

// SignIn signs in.
func (v *Visit) SignIn(login, password string) {
	v.t.Helper()
	v.must(v.page.SignIn(v.base, login, password))
}

// Open loads a path and expects a good answer.
func (v *Visit) Open(path string) {
	v.t.Helper()
	status, err := v.page.Open(v.base + path)
	v.must(err)
	if status >= 400 {
		v.t.Fatalf("%s answers %d", path, status)
	}
}

// Click clicks an element.
func (v *Visit) Click(selector string) {
	v.t.Helper()
	v.must(v.page.Click(selector))
}

// Fill types into a field.
func (v *Visit) Fill(selector, text string) {
	v.t.Helper()
	v.must(v.page.Fill(selector, text))
}

// Press types keys where the focus is.
func (v *Visit) Press(keys string) {
	v.t.Helper()
	v.must(v.page.Press(keys))
}

// Wait waits until an element is visible.
func (v *Visit) Wait(selector string) {
	v.t.Helper()
	v.must(v.page.Wait(selector))
}

// Until waits until a JavaScript expression is true.
func (v *Visit) Until(condition string) {
	v.t.Helper()
	v.must(v.page.Until(condition))
}

// Text returns an element's visible text.
func (v *Visit) Text(selector string) string {
	v.t.Helper()
	text, err := v.page.Text(selector)
	v.must(err)
	return text
}

// Screenshot writes what the window shows as PNG.
func (v *Visit) Screenshot(file string) {
	v.t.Helper()
	v.must(v.page.Screenshot(file))
}

// Accessible fails the test when the page breaks a rule of axe-core or scrolls sideways.
func (v *Visit) Accessible() {
	v.t.Helper()
	found, err := v.page.Axe()
	v.must(err)
	for _, violation := range found {
		v.t.Errorf("%s", violation)
	}
	sight, err := v.page.Inspect(v.view, nil)
	v.must(err)
	for _, element := range sight.Sideways {
		v.t.Errorf("the page scrolls sideways because of %s", element)
	}
}
