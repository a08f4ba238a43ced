package money

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"tongban/internal/kernel/errs"
)

// Money is a sum. The zero value is nothing of no currency; it adds to any.
type Money struct {
	Minor    int64 // fen, cents, yen
	Currency Currency
}

// What can go wrong. ErrCurrency and ErrOverflow are defects of the caller, who should have checked; ErrFormat is
// the user's.
var (
	ErrCurrency = errors.New("money: the currencies differ")
	ErrOverflow = errors.New("money: the sum leaves the range of 64 bits")
	ErrFormat   = errs.Define(errs.Invalid, "bad_format")
	errRatios   = errors.New("money: allocation needs ratios that are not negative and not all zero")
)

// Of returns minor units of a currency.
func Of(minor int64, c Currency) Money { return Money{Minor: minor, Currency: c} }

// IsZero reports whether m is nothing, in whatever currency.
func (m Money) IsZero() bool { return m.Minor == 0 }

// same returns the common currency of m and n. The zero Money has none and goes with any.
func same(m, n Money) (Currency, error) {
	switch {
	case m.Currency == n.Currency, n == Money{}:
		return m.Currency, nil
	case m == Money{}:
		return n.Currency, nil
	}
	return "", ErrCurrency
}

// Add returns m + n, or ErrCurrency or ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	c, err := same(m, n)
	if err != nil {
		return Money{}, err
	}
	sum := m.Minor + n.Minor
	if (sum > m.Minor) != (n.Minor > 0) && n.Minor != 0 {
		return Money{}, ErrOverflow
	}
	return Money{sum, c}, nil
}

// Sub returns m - n, or ErrCurrency or ErrOverflow.
func (m Money) Sub(n Money) (Money, error) {
	c, err := same(m, n)
	if err != nil {
		return Money{}, err
	}
	rest := m.Minor - n.Minor
	if (rest < m.Minor) != (n.Minor > 0) && n.Minor != 0 {
		return Money{}, ErrOverflow
	}
	return Money{rest, c}, nil
}

// Neg returns -m, or ErrOverflow for the one number that has no opposite.
func (m Money) Neg() (Money, error) {
	if m.Minor == math.MinInt64 {
		return Money{}, ErrOverflow
	}
	return Money{-m.Minor, m.Currency}, nil
}

// Cmp returns -1, 0 or 1 as m is less than, equal to or more than n, or ErrCurrency.
func (m Money) Cmp(n Money) (int, error) {
	if _, err := same(m, n); err != nil {
		return 0, err
	}
	switch {
	case m.Minor < n.Minor:
		return -1, nil
	case m.Minor > n.Minor:
		return 1, nil
	}
	return 0, nil
}

// Allocate divides m in proportion to ratios. The parts sum to m exactly: what is left after rounding towards zero is
// handed out one minor unit each, first to the parts that lost most by it, among equals to the earlier. A ratio of
// zero gets nothing.
func (m Money) Allocate(ratios ...int64) ([]Money, error) {
	total := new(big.Int)
	for _, r := range ratios {
		if r < 0 {
			return nil, errRatios
		}
		total.Add(total, big.NewInt(r))
	}
	if total.Sign() == 0 {
		return nil, errRatios
	}
	parts := make([]Money, len(ratios))
	lost := make([]*big.Int, len(ratios)) // how much rounding took from each, in parts of total
	left := m.Minor
	for i, r := range ratios {
		share, rest := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(m.Minor), big.NewInt(r)), total, new(big.Int))
		parts[i] = Money{share.Int64(), m.Currency} // fits: no share is larger than the whole
		lost[i] = rest.Abs(rest)
		left -= parts[i].Minor
	}
	handOut(parts, lost, left)
	return parts, nil
}

// handOut gives left, which is less than one unit per part that lost anything, to those that lost most.
func handOut(parts []Money, lost []*big.Int, left int64) {
	step := int64(1)
	if left < 0 {
		step = -1
	}
	for ; left != 0; left -= step {
		most := 0
		for i := range lost {
			if lost[i].Cmp(lost[most]) > 0 {
				most = i
			}
		}
		parts[most].Minor += step
		lost[most].SetInt64(0)
	}
}

// String returns the amount with its currency for logs and tests, such as "CNY 1,234.56".
func (m Money) String() string { return strings.TrimSpace(string(m.Currency) + " " + m.Format()) }

// Format returns the amount as people read it, such as "-1,234.56", without the currency.
func (m Money) Format() string { return m.format(",") }

// Decimal returns the amount for machines, such as "-1234.56", without the currency.
func (m Money) Decimal() string { return m.format("") }

func (m Money) format(group string) string {
	digits := strconv.FormatInt(m.Minor, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	exponent := m.Currency.Exponent()
	if pad := exponent + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	whole, fraction := digits[:len(digits)-exponent], digits[len(digits)-exponent:]
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(d)
	}
	if exponent > 0 {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// Parse reads an amount of c as people write it: "1234.5", "1,234.56", "-0.01", with at most the currency's decimals.
// Commas are optional but must stand where thousands do. Anything else is Invalid "bad_format".
func Parse(s string, c Currency) (Money, error) {
	digits, negative := strings.CutPrefix(strings.TrimSpace(s), "-")
	whole, fraction, dotted := strings.Cut(digits, ".")
	exponent := c.Exponent()
	if len(fraction) > exponent || dotted && fraction == "" || !validWhole(whole) || !allDigits(fraction) {
		return Money{}, ErrFormat
	}
	text := strings.ReplaceAll(whole, ",", "") + fraction + strings.Repeat("0", exponent-len(fraction))
	if negative {
		text = "-" + text
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Money{}, ErrFormat.Because(err)
	}
	return Money{minor, c}, nil
}

func validWhole(s string) bool {
	groups := strings.Split(s, ",")
	for i, g := range groups {
		if g == "" || !allDigits(g) || i > 0 && len(g) != 3 || i == 0 && len(groups) > 1 && len(g) > 3 {
			return false
		}
	}
	return true
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
