package i18n

import (
	"strconv"
	"strings"
	"time"
)

// Date returns the day of t in the locale's zone, e.g. 2026-11-21; empty for the zero time.
func (l Locale) Date(t time.Time) string { return l.format(t, "2006-01-02") }

// DateTime returns day and minute of t in the locale's zone, e.g. 2026-11-21 09:05; empty for the zero time.
func (l Locale) DateTime(t time.Time) string { return l.format(t, "2006-01-02 15:04") }

// Exact returns t to the second with its offset, for a title or an export; empty for the zero time.
func (l Locale) Exact(t time.Time) string { return l.format(t, "2006-01-02 15:04:05 -07:00") }

func (l Locale) format(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(l.Zone()).Format(layout)
}

// Relative says how long before or after now t is: "just now", "5 minutes ago", "in 2 hours"; a day and more
// away it is the date and time.
func (l Locale) Relative(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := now.Sub(t)
	if d > -time.Minute && d < time.Minute {
		return l.T("i18n.just_now")
	}
	if d <= -24*time.Hour || d >= 24*time.Hour {
		return l.DateTime(t)
	}
	if d > 0 {
		return l.T("i18n.ago", "duration", l.Duration(d))
	}
	return l.T("i18n.in", "duration", l.Duration(-d))
}

// Duration returns d in its two greatest units, e.g. "2 hours 5 minutes"; less than a minute is in seconds.
func (l Locale) Duration(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	if d < time.Minute {
		return l.T("i18n.seconds", "n", int(d/time.Second))
	}
	units := []struct {
		key  string
		size time.Duration
	}{{"i18n.days", 24 * time.Hour}, {"i18n.hours", time.Hour}, {"i18n.minutes", time.Minute}}
	var parts []string
	for _, u := range units {
		if n := d / u.size; n > 0 && len(parts) < 2 {
			parts = append(parts, l.T(u.key, "n", int(n)))
			d -= n * u.size
		} else if len(parts) > 0 {
			break
		}
	}
	return strings.Join(parts, l.T("i18n.unit_join"))
}

// Number returns n with thousands separated by commas.
func (l Locale) Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Bytes returns a size with a binary unit and at most one decimal, e.g. 1.5 MiB.
func (l Locale) Bytes(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, i := float64(n)/1024, 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0") + " " + units[i:i+1] + "iB"
}
