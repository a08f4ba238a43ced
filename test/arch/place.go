package arch

import "strings"

// Kind is a part of the house.
type Kind string

// The parts.
const (
	Command Kind = "command" // cmd/…
	App     Kind = "app"     // internal/app: joins everything
	Kernel  Kind = "kernel"  // internal/kernel/<room>
	Module  Kind = "module"  // internal/<wing>/<room>
	Tool    Kind = "tool"    // internal/tools: programs for maintainers
	Tests   Kind = "tests"   // test/…, spec/…
	Unknown Kind = "unknown"
)

// Place is where a folder stands.
type Place struct {
	Dir  string // relative to the root, with slashes
	Kind Kind
	Wing string // of a module
	Room string // the name of a module or of a package of the kernel
	Sub  string // the rest, e.g. "web"
}

var wings = []string{"trust", "serve", "care", "operate", "bank", "insight"}

func placeOf(dir string) Place {
	p := Place{Dir: dir, Kind: Unknown}
	parts := strings.Split(dir, "/")
	switch parts[0] {
	case "cmd":
		p.Kind = Command
	case "test", "spec":
		p.Kind = Tests
	case "internal":
		p.inside(parts[1:])
	}
	return p
}

func (p *Place) inside(parts []string) {
	if len(parts) == 0 {
		return
	}
	switch head := parts[0]; head {
	case "app":
		p.Kind, p.Sub = App, strings.Join(parts[1:], "/")
	case "tools":
		p.Kind, p.Sub = Tool, strings.Join(parts[1:], "/")
	case "kernel":
		if len(parts) > 1 {
			p.Kind, p.Room, p.Sub = Kernel, parts[1], strings.Join(parts[2:], "/")
		}
	default:
		for _, wing := range wings {
			if head == wing && len(parts) > 1 {
				p.Kind, p.Wing, p.Room, p.Sub = Module, wing, parts[1], strings.Join(parts[2:], "/")
			}
		}
	}
}

// forTests reports whether the folder holds support for tests: builders, fakes, harnesses.
func (p Place) forTests() bool {
	last := p.Dir[strings.LastIndexByte(p.Dir, '/')+1:]
	return p.Kind == Tests || p.Sub != "" && strings.HasSuffix(last, "test")
}

// under reports whether the folder is one of folders or stands in one.
func (p Place) under(folders ...string) bool {
	for _, f := range folders {
		if p.Dir == f || strings.HasPrefix(p.Dir, f+"/") {
			return true
		}
	}
	return false
}
