package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestBadClaimsAreRefused(t *testing.T) {
	cases := []struct{ root, want string }{
		{"testdata/bad", "bad_test.go:14: an id in spec.Covers is not a string literal"},
		{"testdata/unknown", `bad_test.go:9: the register has no requirement "MP-5.2-x"`},
	}
	for _, c := range cases {
		t.Run(c.root, func(t *testing.T) {
			var out bytes.Buffer
			err := run(&out, c.root, false)
			if err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if out.Len() > 0 {
				t.Errorf("a report in spite of it: %s", out.String())
			}
		})
	}
}

func TestReport(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, "testdata/good", true); err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^ *(fleet|catalog|MP|BA|all) +(\d+) +(\d+) +(\d+)$`).FindAllString(out.String(), -1)
	got := strings.Join(strings.Fields(strings.Join(rows, " ; ")), " ")
	const want = "catalog 52 1 51 ; fleet 65 0 65 ; all 1381 2 1379 ; BA 325 1 324 ; MP 223 1 222 ; all 1381 2 1379"
	if got != want {
		t.Errorf("rows\n%s\nwant\n%s", got, want)
	}
	if want := "  BA-3.1  catalog  湾区自助服务平台  TestGood (good_test.go:9)\n"; !strings.Contains(out.String(), want) {
		t.Errorf("the list lacks %q", want)
	}
	if want := "\n  BA-3.2  fleet  software  终端设备\n"; !strings.Contains(out.String(), want) {
		t.Errorf("the list lacks %q", want)
	}
}
