package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/money"
)

var currencies = []money.Currency{money.CNY, money.HKD, money.MOP, money.USD, money.EUR, money.JPY}

func TestFormatAndParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		minor   int64
		c       money.Currency
		format  string
		decimal string
	}{
		{0, money.CNY, "0.00", "0.00"},
		{1, money.CNY, "0.01", "0.01"},
		{-5, money.HKD, "-0.05", "-0.05"},
		{123456, money.CNY, "1,234.56", "1234.56"},
		{-100000000, money.USD, "-1,000,000.00", "-1000000.00"},
		{99999, money.MOP, "999.99", "999.99"},
		{1234, money.JPY, "1,234", "1234"},
		{math.MinInt64, money.EUR, "-92,233,720,368,547,758.08", "-92233720368547758.08"},
		{math.MaxInt64, money.JPY, "9,223,372,036,854,775,807", "9223372036854775807"},
	} {
		m := money.Of(tc.minor, tc.c)
		if m.Format() != tc.format || m.Decimal() != tc.decimal || m.String() != string(tc.c)+" "+tc.format {
			t.Errorf("%d %s: %s, %s, %s", tc.minor, tc.c, m.Format(), m.Decimal(), m)
		}
		for _, s := range []string{tc.format, tc.decimal, " " + tc.format + " "} {
			if got, err := money.Parse(s, tc.c); err != nil || got != m {
				t.Errorf("Parse(%q) = %v, %v", s, got, err)
			}
		}
	}
	if m, err := money.Parse("7.5", money.CNY); err != nil || m.Minor != 750 {
		t.Error(m, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "-", ".", "1.", ".5", "1.234", "1,23", "12,34.00", "1234,567", ",123", "1,,234", "1e3", "+1", "--1", "1 000", "１", "¥1", "0x1",
		"92233720368547758.08", "99999999999999999999", "1.-5", "NaN",
	} {
		if m, err := money.Parse(s, money.CNY); !errors.Is(err, money.ErrFormat) || errs.KindOf(err) != errs.Invalid {
			t.Errorf("Parse(%q) = %v, %v", s, m, err)
		}
	}
	if _, err := money.Parse("1.5", money.JPY); err == nil {
		t.Error("yen have no decimals")
	}
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	for _, c := range currencies {
		if got, err := money.ParseCurrency(string(c)); err != nil || got != c {
			t.Error(c, got, err)
		}
	}
	for _, s := range []string{"", "cny", "XXX"} {
		if _, err := money.ParseCurrency(s); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%q: %v", s, err)
		}
	}
	yuan, yen := money.Of(1, money.CNY), money.Of(1, money.JPY)
	_, adding := yuan.Add(yen)
	_, subtracting := yuan.Sub(yen)
	_, comparing := yuan.Cmp(yen)
	if !errors.Is(adding, money.ErrCurrency) || !errors.Is(subtracting, money.ErrCurrency) || !errors.Is(comparing, money.ErrCurrency) {
		t.Error(adding, subtracting, comparing)
	}
	if sum, err := (money.Money{}).Add(yen); err != nil || sum != yen {
		t.Error(sum, err)
	}
	if _, err := money.Of(0, money.CNY).Add(yen); err == nil {
		t.Error("no yuan and one yen were added")
	}
}

// Every operation agrees with unbounded integers, and says so when the answer does not fit.
func TestArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		edge := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64}))
		a, b := edge.Draw(t, "a"), edge.Draw(t, "b")
		c := rapid.SampledFrom(currencies).Draw(t, "currency")
		m, n := money.Of(a, c), money.Of(b, c)
		x, y := big.NewInt(a), big.NewInt(b)
		sum, err := m.Add(n)
		agree(t, sum, err, new(big.Int).Add(x, y), c)
		rest, err := m.Sub(n)
		agree(t, rest, err, new(big.Int).Sub(x, y), c)
		opposite, err := m.Neg()
		agree(t, opposite, err, new(big.Int).Neg(x), c)
		if order, err := m.Cmp(n); err != nil || order != x.Cmp(y) {
			t.Fatalf("Cmp = %d, %v", order, err)
		}
		if m.IsZero() != (a == 0) {
			t.Fatalf("IsZero of %d", a)
		}
		if back, err := money.Parse(m.Format(), c); err != nil || back != m {
			t.Fatalf("%s parsed as %v, %v", m.Format(), back, err)
		}
	})
}

func agree(t *rapid.T, got money.Money, err error, want *big.Int, c money.Currency) {
	t.Helper()
	if !want.IsInt64() {
		if !errors.Is(err, money.ErrOverflow) {
			t.Fatalf("%v does not fit, but got %v, %v", want, got, err)
		}
		return
	}
	if err != nil || got != money.Of(want.Int64(), c) {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		minor  int64
		ratios []int64
		want   []int64
	}{
		{100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		{5, []int64{3, 7}, []int64{2, 3}},
		{1, []int64{1, 2}, []int64{0, 1}},
		{2, []int64{0, 1, 1, 1}, []int64{0, 1, 1, 0}},
		{0, []int64{1, 2}, []int64{0, 0}},
		{math.MaxInt64, []int64{math.MaxInt64, math.MaxInt64}, []int64{math.MaxInt64/2 + 1, math.MaxInt64 / 2}},
		{math.MinInt64, []int64{1}, []int64{math.MinInt64}},
	} {
		parts, err := money.Of(tc.minor, money.CNY).Allocate(tc.ratios...)
		if err != nil || len(parts) != len(tc.want) {
			t.Fatal(parts, err)
		}
		for i, w := range tc.want {
			if parts[i] != money.Of(w, money.CNY) {
				t.Errorf("%d by %v: %v", tc.minor, tc.ratios, parts)
			}
		}
	}
	for _, ratios := range [][]int64{nil, {0}, {0, 0}, {1, -1}, {-1}} {
		if parts, err := money.Of(1, money.CNY).Allocate(ratios...); err == nil {
			t.Errorf("by %v: %v", ratios, parts)
		}
	}
}

// The parts sum to the whole, and none is a minor unit or more away from its exact share.
func TestAllocateLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := money.Of(rapid.Int64().Draw(t, "minor"), money.EUR)
		ratios := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64), 1, 12).Draw(t, "ratios")
		total := new(big.Int)
		for _, r := range ratios {
			total.Add(total, big.NewInt(r))
		}
		parts, err := m.Allocate(ratios...)
		if total.Sign() == 0 {
			if err == nil {
				t.Fatal("divided by nothing")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := money.Of(0, money.EUR)
		for i, p := range parts {
			if sum, err = sum.Add(p); err != nil {
				t.Fatal(err)
			}
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(m.Minor), big.NewInt(ratios[i])), total)
			off := exact.Sub(exact, new(big.Rat).SetInt64(p.Minor))
			if off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("part %d of %v by %v is %v away", i, m, ratios, off)
			}
			if ratios[i] == 0 && p.Minor != 0 {
				t.Fatalf("a ratio of zero got %v", p)
			}
		}
		if sum != m {
			t.Fatalf("%v allocated to %v", m, sum)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("1,234.56")
	f.Add("-0.01")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := money.Parse(s, money.CNY)
		if err != nil {
			return
		}
		if again, err := money.Parse(m.Format(), money.CNY); err != nil || again != m {
			t.Fatalf("%q is %v, which reads as %v, %v", s, m, again, err)
		}
	})
}
