package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// Field is one field of a form, of any kind: Input, Textarea, Select, Checkbox, Switch, Radios, Checks, File and
// their phone counterparts all take it and use what applies to them.
type Field struct {
	Name  string
	Label string
	Hint  string // below the label: what is meant, in words the reader knows
	Error string // beside the field
	Value string
	Type  string // of Input: text (the default), email, tel, number, date, datetime-local, time, password, search, url

	Required bool // marked 必填; the others are marked 选填
	Unmarked bool // neither mark, e.g. on the sign-in page
	Disabled bool
	ReadOnly bool

	Placeholder  string
	Autocomplete string // "off" unless set (MB-pi.protect-13)
	InputMode    string
	Min, Max     string
	Step         string
	MaxLen       int
	Rows         int    // of Textarea
	Prefix       string // e.g. ¥, in front of the value
	Suffix       string // e.g. a unit, behind it

	Options  []Option // of Select, Radios and Checks
	Blank    string   // of Select: the text of the empty choice; none when empty
	Multiple bool     // of Select and File
	Accept   string   // of File
	Checked  bool     // of Checkbox and Switch; their Value defaults to "on"

	ID     string // "f-" and the name unless set; set it where a page has two fields of one name
	Wide   bool   // takes the whole row of a two-column field set
	TestID string
	Attrs  templ.Attributes
}

// Option is one choice of Select, Radios or Checks.
type Option struct {
	Value, Label string
	Hint         string // Radios and Checks
	Group        string // Select: options of one group stand together under this heading
	Selected     bool
	Disabled     bool
}

// fieldID is the id of the field called name: a name such as "lines[0].qty" has characters that an address
// fragment would have to escape.
func fieldID(name string) string {
	return "f-" + strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, name)
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return fieldID(f.Name)
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// describedBy lists the ids of hint and error, for aria-describedby.
func (f Field) describedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.id()+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.id()+"-error")
	}
	return strings.Join(ids, " ")
}

// common are the attributes every control shares.
func (f Field) common() templ.Attributes {
	a := templ.Attributes{"id": f.id(), "name": f.Name, "required": f.Required, "disabled": f.Disabled}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	if by := f.describedBy(); by != "" {
		a["aria-describedby"] = by
	}
	if f.TestID != "" {
		a["data-testid"] = f.TestID
	}
	for k, v := range f.Attrs {
		a[k] = v
	}
	return a
}

// typed are the attributes of controls one types into.
func (f Field) typed() templ.Attributes {
	a := f.common()
	a["autocomplete"] = "off"
	if f.Autocomplete != "" {
		a["autocomplete"] = f.Autocomplete
	}
	a["readonly"] = f.ReadOnly
	for k, v := range map[string]string{"placeholder": f.Placeholder, "inputmode": f.InputMode, "min": f.Min, "max": f.Max, "step": f.Step} {
		if v != "" {
			a[k] = v
		}
	}
	if f.MaxLen > 0 {
		a["maxlength"] = f.MaxLen
	}
	return a
}

func (f Field) value() string {
	if f.Value == "" {
		return "on"
	}
	return f.Value
}

func (f Field) rows() int {
	if f.Rows == 0 {
		return 4
	}
	return f.Rows
}

// selected reports whether option o is chosen: marked so, or equal to the field's value.
func (f Field) selected(o Option) bool { return o.Selected || f.Value != "" && f.Value == o.Value }

// optionGroup is a run of options under one heading.
type optionGroup struct {
	label   string
	options []Option
}

// groups joins neighbouring options of one group; the order given is kept.
func (f Field) groups() []optionGroup {
	var gs []optionGroup
	for _, o := range f.Options {
		if len(gs) == 0 || gs[len(gs)-1].label != o.Group {
			gs = append(gs, optionGroup{label: o.Group})
		}
		last := &gs[len(gs)-1]
		last.options = append(last.options, o)
	}
	return gs
}
