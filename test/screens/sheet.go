package main

import (
	"cmp"
	_ "embed"
	"html/template"
	"os"
	"path/filepath"
	"slices"
)

//go:embed sheet.html
var sheetSource string

// tile is a picture on the contact sheet.
type tile struct {
	File, Route, Title string
	Width              int64
}

// writeSheet writes a page that shows all pictures, by person, and all problems.
func (s *survey) writeSheet(file string) error {
	type person struct {
		Role  string
		Tiles []tile
	}
	var people []person
	slices.SortStableFunc(s.shots, func(a, b shot) int { return cmp.Compare(a.role, b.role) })
	for _, p := range s.shots {
		if len(people) == 0 || people[len(people)-1].Role != p.role {
			people = append(people, person{Role: p.role})
		}
		last := &people[len(people)-1]
		last.Tiles = append(last.Tiles, tile{filepath.ToSlash(p.file), p.route, p.title, p.width})
	}
	t, err := template.New("sheet").Parse(sheetSource)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	data := map[string]any{"People": people, "Problems": s.lines()}
	return cmp.Or(t.Execute(f, data), f.Close())
}
