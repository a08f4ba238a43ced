// Package money holds sums of money: a whole number of minor units and a currency.
//
// There is no floating point and no rounding: 1,234.56 yuan are 123456 fen, 1,234 yen are 1234. The database keeps
// the minor units as BIGINT and the currency as TEXT. Adding across currencies and leaving the range of int64 are
// errors, never a wrong sum. What must be divided is divided by Allocate, which hands out every minor unit.
package money
