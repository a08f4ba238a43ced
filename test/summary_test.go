package main

import (
	"bytes"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// goTestSuite runs the real go test over packages of testdata/suite.
func goTestSuite(t *testing.T, packages ...string) (live, end string, sum *summary) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"test", "-json", "-count=1"}, packages...)...)
	cmd.Dir = "testdata/suite"
	raw, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var liveOut, endOut bytes.Buffer
	sum, err = summarise(bytes.NewReader(raw), &liveOut)
	if err != nil {
		t.Fatal(err)
	}
	sum.print(&endOut)
	return liveOut.String(), endOut.String(), sum
}

var took = regexp.MustCompile(`\t[0-9.]+s\n`)

func TestSummary(t *testing.T) {
	live, end, _ := goTestSuite(t, "./...")
	const want = "?   \tsuite/none\t[no test files]\n" +
		"ok  \tsuite/good\tTIME\n" +
		"FAIL\tsuite/bad\tTIME\n" +
		"FAIL\tsuite/broken [build failed]\n" +
		"FAIL\tsuite/ends\tTIME\n" +
		"5 passed, 4 failed, 1 skipped\n"
	if got := took.ReplaceAllString(end, "\tTIME\n"); got != want {
		t.Errorf("the end is\n%s\nwant\n%s", got, want)
	}
	for _, said := range []string{"wrong is wrong", "after its parts", "undefined: undefined", "the program ended while TestEnds ran", "--- FAIL: TestGroup/wrong"} {
		if !strings.Contains(live, said) {
			t.Errorf("the output lacks %q:\n%s", said, live)
		}
	}
	for _, silent := range []string{"right is silent", "a passing test says nothing", "=== RUN"} {
		if strings.Contains(live, silent) {
			t.Errorf("the output has %q, of a test that passed", silent)
		}
	}
}

func TestSummaryOfGoodPackages(t *testing.T) {
	_, end, sum := goTestSuite(t, "./good", "./none")
	if sum.passed != 2 || sum.failed != 0 || sum.skipped != 1 {
		t.Errorf("counted %+v", *sum)
	}
	if !strings.HasSuffix(end, "\n2 passed, 0 failed, 1 skipped\n") {
		t.Errorf("the end is %q", end)
	}
}

func TestSummaryRefusesOtherInput(t *testing.T) {
	if _, err := summarise(strings.NewReader("go: no such tool\n"), &bytes.Buffer{}); err == nil {
		t.Error("text that is not JSON is taken for a run")
	}
}
