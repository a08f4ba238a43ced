package web

import (
	"net/http"

	"github.com/a-h/templ"

	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

// formView is a page that is a form.
type formView struct {
	Head   ui.PageHead
	Notice *ui.AlertView
	Form   ui.FormView
	Fields []control
	Tips   string // below the fields, on the phone
}

// control is a field with the widget that draws it.
type control struct {
	ui.Field
	draw func(ui.Field) templ.Component
}

func input(f ui.Field) control    { return control{f, ui.Input} }
func textarea(f ui.Field) control { return control{f, ui.Textarea} }
func choice(f ui.Field) control   { return control{f, ui.Select} }
func checks(f ui.Field) control   { return control{f, ui.Checks} }

// onPhone turns the widgets into those of the phone face.
func onPhone(list []control) []control {
	for i := range list {
		list[i].draw = ui.PhoneInput
		if len(list[i].Options) > 0 {
			list[i].draw = ui.PhoneSelect
		}
	}
	return list
}

// Draw is the control's widget.
func (c control) Draw() templ.Component { return c.draw(c.Field) }

// refill puts back what was typed, save for passwords, so that nothing is lost on an error.
func (v *formView) refill(r *http.Request) {
	for i := range v.Fields {
		f := &v.Fields[i].Field
		if f.Type == "password" || !r.PostForm.Has(f.Name) {
			continue
		}
		f.Value = r.PostForm.Get(f.Name)
		for j := range f.Options {
			f.Options[j].Selected = false
			for _, chosen := range r.PostForm[f.Name] {
				f.Options[j].Selected = f.Options[j].Selected || f.Options[j].Value == chosen
			}
		}
	}
	v.Form.Submission = r.PostForm.Get(ui.FieldFormID)
}

// blame puts what is wrong beside the fields and above the form. It reports false when err is not about the form.
func (v *formView) blame(r *http.Request, err error) bool {
	texts, ok := web.FieldErrors(r, err)
	if !ok {
		return false
	}
	v.Form.Message = texts[""]
	for i := range v.Fields {
		f := &v.Fields[i].Field
		if text := texts[f.Name]; text != "" {
			f.Error = text
			v.Form.Errors = append(v.Form.Errors, ui.FieldError{Field: f.Name, Label: f.Label, Text: text})
			delete(texts, f.Name)
		}
	}
	delete(texts, "")
	for _, text := range texts { // about what is no field of this form
		v.Form.Message = text
	}
	return true
}
