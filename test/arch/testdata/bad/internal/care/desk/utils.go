package desk

import (
	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
)

// Deps stands in the wrong file.
type Deps struct{ Write func(a, b int) }

// Long has more lines than the budget of this example, and words without a translation.
func (d Deps) Long(l i18n.Locale) string {
	d.Write(1, 2)
	_ = errs.Field{Name: "login", Code: "nonsense"}
	switch l.T("desk.known") {
	case "1":
		return l.T("desk.unknown")
	case "2":
		return l.T("desk." + l.Lang())
	case "3":
		return "three"
	case "4":
		return "four"
	case "5":
		return "five"
	case "6":
		return "six"
	case "7":
		return "seven"
	case "8":
		return "eight"
	}
	return ""
}
