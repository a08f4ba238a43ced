package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteJSON writes the results as one JSON object: {"status": …, "results": […]}.
func WriteJSON(w io.Writer, results []Result) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(struct {
		Status  Status   `json:"status"`
		Results []Result `json:"results"`
	}{Worst(results), results})
}

// WriteText writes the results for people: a line each, and under it what to mend. paint colours a status.
func WriteText(w io.Writer, results []Result, paint func(s Status, text string) string) error {
	var b strings.Builder
	count := map[Status]int{}
	group := ""
	for _, r := range results {
		if r.Check != group {
			group = r.Check
			fmt.Fprintf(&b, "%s\n", group)
		}
		count[r.Status]++
		found := strings.ReplaceAll(r.Found, "\n", "\n"+strings.Repeat(" ", 25))
		fmt.Fprintf(&b, "  %s  %-16s %s\n", paint(r.Status, fmt.Sprintf("%-4s", r.Status)), r.Name, found)
		if r.Mend != "" {
			fmt.Fprintf(&b, "        %-16s → %s\n", "", r.Mend)
		}
	}
	fmt.Fprintf(&b, "\n%d checks: %d ok, %d to watch, %d to mend\n", len(results), count[OK], count[Warn], count[Fail])
	_, err := io.WriteString(w, b.String())
	return err
}
