package main

import (
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	uuidForm   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	numberForm = regexp.MustCompile(`^[A-Z]*-?[0-9]+(-[0-9]+)*$`) // 17, WO-20261121-0007
	secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{22,}$`)       // keys, digests, tokens
)

// route returns the pattern of an address: ids become "id", the values of the query go, but for the tab, which
// chooses another page under the same path.
func route(u *url.URL) string {
	parts := strings.Split(strings.Trim(path.Clean("/"+u.Path), "/"), "/")
	for i, p := range parts {
		if uuidForm.MatchString(p) || numberForm.MatchString(p) || secretForm.MatchString(p) {
			parts[i] = "id"
		}
	}
	pattern := "/" + strings.Join(parts, "/")
	query := u.Query()
	for i, key := range slices.Sorted(maps.Keys(query)) {
		pattern += map[bool]string{true: "?", false: "&"}[i == 0] + key
		if key == "tab" {
			pattern += "=" + query.Get(key)
		}
	}
	return pattern
}

var (
	download = regexp.MustCompile(`\.(csv|xlsx|pdf|zip|json|xml|txt|ics|png|jpe?g|svg|webp|js|css)$`)
	noPage   = regexp.MustCompile(`^/(sign-out|api|assets|healthz|readyz|metrics)(/|$)|/export(/|$)`)
)

// isPage reports whether a link leads to a page that a walk may open.
func isPage(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && !download.MatchString(u.Path) && !noPage.MatchString(u.Path)
}

var unsafeInName = regexp.MustCompile(`[^\p{L}\p{N}_-]+`)

// fileName makes a file name of a route or a role.
func fileName(s string) string {
	name := strings.Trim(unsafeInName.ReplaceAllString(strings.ReplaceAll(s, "/", "_"), "_"), "_")
	if name == "" {
		return "home"
	}
	return name
}
