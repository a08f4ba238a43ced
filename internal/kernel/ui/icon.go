package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Tone colours a widget by meaning. The word beside it always says the same, for those who do not see the colour.
type Tone string

// The tones.
const (
	Neutral Tone = ""        // nothing special
	Accent  Tone = "primary" // belongs to the organisation's colour
	Success Tone = "success" // done, healthy, agreed
	Info    Tone = "info"    // going on
	Warning Tone = "warning" // needs a look soon
	Danger  Tone = "danger"  // broken, late, refused
)

func (t Tone) class() string {
	if t == Neutral {
		return "tb-neutral"
	}
	return "tb-" + string(t)
}

// icon is the icon that stands for the tone in alerts and flashes.
func (t Tone) icon() string {
	switch t {
	case Success:
		return "circle-check"
	case Warning:
		return "alert-triangle"
	case Danger:
		return "alert-circle"
	default:
		return "info-circle"
	}
}

// Icon draws the outline icon called name (a name of internal/tools/vendorassets/icons.txt) in the colour and,
// roughly, the size of the text around it. It is decoration: a control that shows only an icon has its own
// label. An unknown name draws a dashed circle; a test over the gallery and HasIcon find such slips.
func Icon(name string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		body, ok := icons[name]
		if !ok {
			body = icons["circle-dashed"]
		}
		_, err := io.WriteString(w, `<svg class="tb-icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">`+body+`</svg>`)
		return err
	})
}

// HasIcon reports whether the kit has an icon called name.
func HasIcon(name string) bool {
	_, ok := icons[name]
	return ok
}
