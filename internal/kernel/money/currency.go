package money

import "tongban/internal/kernel/errs"

// Currency is an ISO 4217 code, such as "CNY".
type Currency string

// The currencies the program knows.
const (
	CNY Currency = "CNY" // yuan, 100 fen
	HKD Currency = "HKD" // Hong Kong dollar, 100 cents
	MOP Currency = "MOP" // pataca, 100 avos
	USD Currency = "USD" // US dollar, 100 cents
	EUR Currency = "EUR" // euro, 100 cents
	JPY Currency = "JPY" // yen, without minor units
)

var exponents = map[Currency]int{CNY: 2, HKD: 2, MOP: 2, USD: 2, EUR: 2, JPY: 0}

// Known reports whether c is one of the currencies above.
func (c Currency) Known() bool {
	_, ok := exponents[c]
	return ok
}

// Exponent returns how many decimals an amount in c has; 2 for a currency the program does not know.
func (c Currency) Exponent() int {
	if e, ok := exponents[c]; ok {
		return e
	}
	return 2
}

// ParseCurrency returns the currency of a code. Another text is Invalid "not_a_choice".
func ParseCurrency(code string) (Currency, error) {
	if c := Currency(code); c.Known() {
		return c, nil
	}
	return "", errNotKnown
}

var errNotKnown = errs.Define(errs.Invalid, "not_a_choice")
