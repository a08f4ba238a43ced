package cli

import (
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/text/width"

	"tongban/internal/app/doctor"
)

// painter colours text for a terminal; for anything else it leaves it alone.
type painter struct{ on bool }

// painter colours when standard output is a terminal and nobody asked for none (no-color.org).
func (e *env) painter() painter {
	return painter{isTerminal(e.Out) && !slices.ContainsFunc(e.Env, func(v string) bool {
		return strings.HasPrefix(v, "NO_COLOR=") && v != "NO_COLOR=" || v == "TERM=dumb"
	})}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

func (p painter) paint(code, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p painter) bold(s string) string   { return p.paint("1", s) }
func (p painter) faint(s string) string  { return p.paint("2", s) }
func (p painter) accent(s string) string { return p.paint("36;4", s) }

var statusColours = map[doctor.Status]string{doctor.OK: "32", doctor.Warn: "33", doctor.Fail: "31;1"}

func (p painter) status(s doctor.Status, text string) string { return p.paint(statusColours[s], text) }

// table sets rows in columns. Chinese characters are two columns wide.
func table(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell))
		}
	}
	lines := make([]string, len(rows))
	for r, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-columns(cell)+3))
			}
		}
		lines[r] = b.String()
	}
	return lines
}

func columns(s string) (n int) {
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
