package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed testdata/axe.min.js
var axeSource string

//go:embed inspect.js
var inspectSource string

// Violation is a breach of a rule of axe-core.
type Violation struct {
	ID      string   `json:"id"`
	Impact  string   `json:"impact"`
	Help    string   `json:"help"`
	Targets []string `json:"targets"` // selectors of the elements
}

// String returns the violation as a line.
func (v Violation) String() string {
	return fmt.Sprintf("axe %s (%s): %s at %s", v.ID, v.Impact, v.Help, strings.Join(v.Targets, " | "))
}

const axeRun = `axe.run(document, {
	resultTypes: ["violations"],
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(r => JSON.stringify(r.violations.map(v => ({
	id: v.id, impact: v.impact, help: v.help, targets: v.nodes.slice(0, 5).map(n => n.target.flat().join(" ")),
}))))`

// Axe checks the page as it is now. The page's content security policy does not apply to it.
func (p *Page) Axe() ([]Violation, error) {
	known, err := Eval[bool](p, "typeof axe !== 'undefined'")
	if err != nil {
		return nil, err
	}
	if !known {
		if _, err := Eval[struct{}](p, axeSource); err != nil {
			return nil, err
		}
	}
	raw, err := Eval[string](p, axeRun)
	if err != nil {
		return nil, err
	}
	var found []Violation
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		return nil, fmt.Errorf("read the answer of axe: %w", err)
	}
	return found, nil
}

// Sight is what a look at a page tells.
type Sight struct {
	Title     string   `json:"title"`
	Sideways  []string `json:"sideways"`  // elements that stick out, when the page scrolls sideways
	Keys      []string `json:"keys"`      // words that look like keys without a translation
	Links     []string `json:"links"`     // addresses of the links, absolute, without downloads
	Structure string   `json:"structure"` // equal for pages that differ in their text only
}

// Inspect looks at the page in a window of the given width. A word such as "desk.open_count" counts as a key
// when its first part is one of prefixes; code examples are left out.
func (p *Page) Inspect(v Viewport, prefixes []string) (Sight, error) {
	arguments, err := json.Marshal(map[string]any{"width": v.Width, "prefixes": prefixes})
	if err != nil {
		return Sight{}, err
	}
	return Eval[Sight](p, "("+inspectSource+")("+string(arguments)+")")
}
