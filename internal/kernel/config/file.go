package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile is larger than any configuration; more is the wrong file.
const maxFile = 256 << 10

func (l *loader) readFile(path string, named bool) {
	raw, info, err := slurp(path, named)
	if err != nil {
		l.fault(Fault{Source: path, Message: "cannot read the configuration file: " + explain(err)})
		return
	}
	if !named {
		if message := checkNearby(path, info); message != "" {
			l.fault(Fault{Source: path, Message: message})
			return
		}
	}
	secrets := l.loadFile(path, raw)
	if message := checkMode(path, info, secrets); message != "" {
		l.fault(Fault{Source: path, Message: message})
	}
}

// slurp reads the file and its mode from one handle, so that both are of the same file.
// A file nobody named has to lie there itself: no link, and no pipe that would be waited for.
func slurp(path string, named bool) ([]byte, fs.FileInfo, error) {
	if !named {
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			return nil, nil, errors.Join(err, errors.New("it is no plain file, and nobody named it; name it with --config if it is meant"))
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = fmt.Errorf("it is larger than %d KiB", maxFile>>10)
	}
	return raw, info, err
}

func explain(err error) string {
	var e *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not read it"
	case errors.As(err, &e):
		return e.Err.Error()
	}
	return err.Error()
}

// loadFile merges the settings of a file and returns the keys whose values are secrets.
func (l *loader) loadFile(path string, raw []byte) (secrets []string) {
	root, err := parseYAML(raw)
	if err != nil {
		l.fault(Fault{Source: path, Message: err.Error()})
		return nil
	}
	f := &file{loader: l, path: path, seen: map[string]int{}, settings: map[string]any{}}
	if root != nil {
		f.section("", root)
	}
	l.merge(f.settings)
	return f.secrets
}

// parseYAML returns the mapping a file consists of; nil when it is empty.
func parseYAML(raw []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if err := dec.Decode(&more); err == nil {
		return nil, errors.New("it holds more than one document; remove the line ---")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, nil
	}
	root := doc.Content[0]
	if isNull(root) {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("want keys and values, such as addr: 127.0.0.1:8080")
	}
	return root, nil
}

// syntaxError keeps the parser's words, save where it quotes from the file, which may be a part of a secret: the
// password *star is an anchor to it.
func syntaxError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.Contains(text, "anchor") {
		text = "a value that starts with * or & has to be quoted"
	}
	text, _, _ = strings.Cut(text, "\n")
	return fmt.Errorf("is not valid YAML: %s", text)
}

// file is one file being read.
type file struct {
	*loader
	path     string
	seen     map[string]int // key to the line it stands in
	settings map[string]any
	secrets  []string
}

func (f *file) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", f.path, n.Line) }

func (f *file) blame(name string, n *yaml.Node, format string, args ...any) {
	f.fault(Fault{Key: shorten(name), Source: f.at(n), Message: fmt.Sprintf(format, args...)})
}

// section reads the keys of a mapping below prefix, which is empty or ends with a dot.
func (f *file) section(prefix string, n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode || name.Tag == "!!merge" {
			f.blame(strings.TrimSuffix(prefix, "."), name, "want names as keys")
			continue
		}
		f.entry(prefix+name.Value, name, value)
	}
}

func (f *file) entry(name string, at, value *yaml.Node) {
	k, known := find(name)
	if !known && !isSection(name) {
		f.fault(unknown(name, f.at(at), names(func(k Key) string { return k.Name })))
		return
	}
	if line, twice := f.seen[name]; twice {
		f.blame(name, at, "stands twice, first in line %d", line)
		return
	}
	f.seen[name] = at.Line
	if !known {
		if value.Kind == yaml.MappingNode {
			f.section(name+".", value)
		} else if !isNull(value) {
			f.blame(name, at, "is a section; write its keys below it, indented")
		}
		return
	}
	s, fault := setting(value)
	s.Source = f.at(at)
	if fault != "" {
		f.blame(name, at, "%s", fault)
		return
	}
	if k.holdsSecret(s) {
		f.secrets = append(f.secrets, name)
	}
	if f.check(k, s) {
		f.settings[name] = s
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// setting takes scalars as they are written (02:30 and 0x10 stay texts, whatever YAML would make of them), lists
// of scalars and mappings of scalars.
func setting(n *yaml.Node) (s Setting, fault string) {
	switch n.Kind {
	case yaml.ScalarNode:
		text, fault := scalar(n)
		return Setting{Text: text}, fault
	case yaml.SequenceNode:
		s.List = []string{}
		for _, item := range n.Content {
			text, fault := scalar(item)
			if fault != "" {
				return s, fault
			}
			s.List = append(s.List, text)
		}
		return s, ""
	case yaml.MappingNode:
		return mapping(n)
	}
	return s, "references to other places of the file are not supported; write the value"
}

func mapping(n *yaml.Node) (s Setting, fault string) {
	s.Map = map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, fault := scalar(n.Content[i])
		if fault != "" {
			return s, fault
		}
		if _, twice := s.Map[name]; twice {
			return s, "one of its names stands twice"
		}
		if s.Map[name], fault = scalar(n.Content[i+1]); fault != "" {
			return s, fault
		}
	}
	return s, ""
}

func scalar(n *yaml.Node) (text, fault string) {
	if n.Kind != yaml.ScalarNode {
		return "", "want a plain value"
	}
	switch n.Tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
		return n.Value, ""
	case "!!null":
		return "", `has no value; remove the line, or write "" for an empty one`
	}
	return "", "want a plain value without a tag"
}
