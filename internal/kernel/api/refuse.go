package api

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/web"
)

// setUpHuma makes huma report in our form what it refuses itself, and tell the names of fields apart by case: encoding/json
// does not, so that {"amount":1,"Amount":-5} would be checked by the one and filled from the other. Huma keeps both in
// package variables, which are therefore set once for all sites.
var setUpHuma = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewErrorWithContext = refuse
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { // the example in the document
		return &web.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: errs.CodeInternal}
	}
})

// mostFaults bounds the answer to an input with a fault in each of its thousand lines.
const mostFaults = 20

// refuse says which fields break which rule. It leaves out what was sent, since that may be a password.
func refuse(hc huma.Context, status int, _ string, details ...error) huma.StatusError {
	return web.NewProblem(hc.Context(), refusal(status, details))
}

func refusal(status int, details []error) error {
	switch status {
	case http.StatusUnsupportedMediaType:
		return web.ErrMediaType
	case http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		return web.BadBody(errors.Join(details...))
	case http.StatusUnprocessableEntity:
	default:
		return errors.Join(append(details, errors.New("huma: "+http.StatusText(status)))...)
	}
	var fields []errs.Field
	for _, d := range details[:min(len(details), mostFaults)] {
		var detail *huma.ErrorDetail
		if errors.As(d, &detail) {
			fields = append(fields, fault(detail))
		}
	}
	if len(fields) == 0 {
		return web.ErrBadBody
	}
	return errs.InvalidFields(fields...)
}

// rule is how huma says that an input breaks a rule of its schema, up to the value the schema gives, and our code.
type rule struct{ begins, code, param string }

var rules = []rule{
	{validation.MsgUnexpectedProperty, "unknown_field", ""},
	{"unknown query parameter", "unknown_field", ""},
	{"required ", "required", ""}, // … parameter is missing
	{validation.MsgExpectedMinLength, "too_short", "min"},
	{validation.MsgExpectedMaxLength, "too_long", "max"},
	{validation.MsgExpectedMinimumNumber, "too_small", "min"},
	{validation.MsgExpectedMaximumNumber, "too_big", "max"},
	{validation.MsgExpectedExclusiveMinimumNumber, "not_above", "min"},
	{validation.MsgExpectedExclusiveMaximumNumber, "not_below", "max"},
	{validation.MsgExpectedMinItems, "too_few", "min"},
	{validation.MsgExpectedMaxItems, "too_many", "max"},
	{validation.MsgExpectedOneOf, "not_a_choice", ""},
	{validation.MsgExpectedRFC3339Date, "bad_date", ""},
}

// types are the rules about types, by message; the names are JSON's own.
var types = map[string]string{
	validation.MsgExpectedBoolean: "boolean", validation.MsgExpectedNumber: "number", validation.MsgExpectedInteger: "integer",
	validation.MsgExpectedString: "string", validation.MsgExpectedArray: "array", validation.MsgExpectedObject: "object",
	"invalid integer": "integer", "invalid float": "number", "invalid floating value": "number", "invalid boolean": "boolean",
}

// outOfRange is what encoding/json says of a number that fits the schema but not the Go type behind it.
var outOfRange = regexp.MustCompile(`^json: cannot unmarshal number \S* into Go struct field [^.]*\.(\S+) of type (u?int|float)`)

// fault turns huma's words into a field, a code and the values of the schema. What it does not know is bad_format.
func fault(d *huma.ErrorDetail) errs.Field {
	f := errs.Field{Name: fieldName(d.Location), Code: "bad_format"}
	if t, ok := types[d.Message]; ok {
		f.Code, f.Params = "wrong_type", map[string]any{"type": t}
		return f
	}
	if m := outOfRange.FindStringSubmatch(d.Message); m != nil {
		f.Name, f.Code = m[1], "out_of_range"
		return f
	}
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if rest, ok := strings.CutPrefix(d.Message, before); ok {
		f.Name, f.Code = join(f.Name, strings.TrimSuffix(rest, after)), "required"
		return f
	}
	for _, r := range rules {
		begins, _, _ := strings.Cut(r.begins, "%")
		if value, ok := strings.CutPrefix(d.Message, begins); ok {
			f.Code = r.code
			if r.param != "" {
				f.Params = map[string]any{r.param: value}
			}
			return f
		}
	}
	return f
}

var place = strings.NewReplacer("[", ".", "]", "")

// fieldName turns body.lines[2].amount into lines.2.amount, as services name fields.
func fieldName(location string) string {
	name := place.Replace(location)
	for _, in := range []string{"body", "query", "path", "header", "form"} {
		if name == in {
			return ""
		}
		if rest, ok := strings.CutPrefix(name, in+"."); ok {
			name = rest
			break
		}
	}
	return shortName(name)
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// shortName cuts a name somebody made up.
func shortName(name string) string {
	r := []rune(name)
	return string(r[:min(len(r), 100)])
}
