package spec

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var files embed.FS

// Requirement is one entry of the register.
type Requirement struct {
	ID      string `yaml:"id"`
	Clause  string `yaml:"clause"`   // where in the document
	Zh      string `yaml:"zh"`       // the document's own short term
	Asks    string `yaml:"asks"`     // what is demanded
	Kind    string `yaml:"kind"`     // software, control or deploy
	Module  string `yaml:"module"`   // the module that owns it
	ShownBy string `yaml:"shown_by"` // one concrete acceptance
}

// Document returns the prefix of the source document: MP, BA, LP, SP or MB.
func (r Requirement) Document() string {
	document, _, _ := strings.Cut(r.ID, "-")
	return document
}

// Register returns the register that is built in, in the order of documents and clauses.
func Register() ([]Requirement, error) { return Load(files) }

// Load reads all YAML files of a folder. It reports every entry that is incomplete or stands twice.
func Load(folder fs.FS) ([]Requirement, error) {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the register: %w", err)
	}
	var all []Requirement
	for _, name := range names {
		entries, err := loadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		all = append(all, entries...)
	}
	return all, check(all)
}

func loadFile(folder fs.FS, name string) ([]Requirement, error) {
	raw, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	var entries []Requirement
	if err := decoder.Decode(&entries); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return entries, nil
}

func check(all []Requirement) error {
	var faults []error
	seen := map[string]bool{}
	for _, r := range all {
		switch {
		case seen[r.ID]:
			faults = append(faults, fmt.Errorf("requirement %s stands twice", r.ID))
		case slices.Contains([]string{r.ID, r.Clause, r.Zh, r.Asks, r.Module, r.ShownBy}, ""):
			faults = append(faults, fmt.Errorf("requirement %q is incomplete", r.ID))
		case !slices.Contains([]string{"software", "control", "deploy"}, r.Kind):
			faults = append(faults, fmt.Errorf("requirement %s has the unknown kind %q", r.ID, r.Kind))
		}
		seen[r.ID] = true
	}
	return errors.Join(faults...)
}

var idLine = regexp.MustCompile(`(?m)^- id: (\S+)`)

// knownIDs reads only the ids: hundreds of test binaries need them, and parsing all the text takes each a
// noticeable moment.
var knownIDs = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	names, _ := fs.Glob(files, "*.yaml") // the pattern is valid, the folder built in
	for _, name := range names {
		raw, _ := files.ReadFile(name)
		for _, m := range idLine.FindAllSubmatch(raw, -1) {
			known[string(m[1])] = true
		}
	}
	return known
})

// Covers says that the test shows the requirements named. It ends the test when the register has no such id,
// or when none is named. The ids must be string literals, so that spec/cover finds them without running
// anything.
func Covers(t testing.TB, ids ...string) {
	t.Helper()
	if len(ids) == 0 {
		t.Fatal("spec.Covers names no requirement")
	}
	for _, id := range ids {
		if !knownIDs()[id] {
			t.Fatalf("the register has no requirement %q", id)
		}
	}
}
