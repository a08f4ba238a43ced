package main

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"tongban/test/browser"
)

// atOnce is how many people walk at the same time.
const atOnce = 2

// maxPages is how many routes one person walks at most.
const maxPages = 120

// survey is one look at the whole program.
type survey struct {
	org      organisation
	dir      string
	prefixes []string
	browser  *browser.Browser

	mu       sync.Mutex
	shots    []shot
	problems map[problem][]string // → the roles that meet it
	checked  map[check]bool
}

// shot is a picture.
type shot struct {
	role, route, title string
	width              int64
	file               string // relative to the survey's folder
}

// problem is something to mend.
type problem struct {
	route string
	width int64
	what  string
}

// check is what axe has looked at.
type check struct {
	route, structure string
	width            int64
}

func newSurvey(b *browser.Browser, org organisation, dir string, prefixes []string) *survey {
	return &survey{
		org: org, dir: dir, prefixes: prefixes, browser: b,
		problems: map[problem][]string{}, checked: map[check]bool{},
	}
}

// run walks as everybody, a visitor without an account first.
func (s *survey) run() error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, a := range append([]account{{Role: "visitor"}}, s.org.Accounts...) {
		a.Role = s.folder(a)
		group.Go(func() error {
			if err := s.walk(a); err != nil {
				return fmt.Errorf("walk as %s: %w", a.Role, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// folder names the pictures of an account: by its role, with the login where several have it.
func (s *survey) folder(a account) string {
	same := slices.DeleteFunc(slices.Clone(s.org.Accounts), func(o account) bool { return o.Role != a.Role })
	if len(same) > 1 {
		return fileName(a.Role + "-" + a.Login)
	}
	return fileName(a.Role)
}

func (s *survey) report(role, route string, v browser.Viewport, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := problem{route, v.Width, what}
	if !slices.Contains(s.problems[p], role) {
		s.problems[p] = append(s.problems[p], role)
	}
}

// first reports whether nobody has checked this yet, and notes it.
func (s *survey) first(c check) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.checked[c] {
		return false
	}
	s.checked[c] = true
	return true
}

func (s *survey) keep(p shot) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.file = filepath.Join(p.role, fmt.Sprintf("%s-%d.png", fileName(p.route), p.width))
	s.shots = append(s.shots, p)
	return filepath.Join(s.dir, p.file)
}

// lines returns the problems as text, sorted by page.
func (s *survey) lines() []string {
	all := slices.SortedFunc(maps.Keys(s.problems), func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.width, b.width), cmp.Compare(a.what, b.what))
	})
	var lines []string
	for _, p := range all {
		roles := slices.Sorted(slices.Values(s.problems[p]))
		lines = append(lines, fmt.Sprintf("%s at %d: %s (%s)", p.route, p.width, p.what, strings.Join(roles, ", ")))
	}
	return lines
}

// verdict is an error that lists every problem; nil when there is none.
func (s *survey) verdict() error {
	lines := s.lines()
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("%d problems\n%s", len(lines), strings.Join(lines, "\n"))
}
