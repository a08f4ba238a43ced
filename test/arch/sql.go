package arch

import (
	"regexp"
	"slices"
	"strings"
)

// checkTables holds that a table has one owner: its name starts with the owner's, and only the owner's SQL names
// it.
func checkTables(t *Tree, plan *Plan, say report) {
	used := map[string]bool{}
	check := func(at string, p Place, words []string) {
		if p.Room == "" || plan.engine(p, map[string]bool{}) {
			return
		}
		for _, r := range references(words) {
			own := r.table == p.Room || strings.HasPrefix(r.table, p.Room+"_")
			switch {
			case own:
			case r.creates:
				say(at, "creates %s: the name does not start with %s_", r.table, p.Room)
			case !allows(plan.Reads, p.Room+" reads "+r.table, used):
				say(at, "names %s, which %s does not own", r.table, p.Room)
			}
		}
	}
	for _, m := range t.Migrations {
		check(m.Path, m.Place, tokens(m.SQL))
	}
	for _, p := range t.Packages {
		for _, s := range p.sql {
			check(s.at, p.Place, s.words)
		}
	}
	reportUnused(plan.Reads, used, say)
}

// unportable are sequences of words that one of the two engines does not know or means otherwise; see
// the package comment of kernel/db.
var unportable = []struct{ words, instead string }{
	{"now (", "pass the time as an argument"},
	{"current_timestamp", "pass the time as an argument"},
	{"current_date", "pass the time as an argument"},
	{"datetime (", "compute times in Go"},
	{"strftime (", "compute times in Go"},
	{"julianday (", "compute times in Go"},
	{"date_trunc (", "compute times in Go"},
	{"extract (", "compute times in Go"},
	{"to_char (", "format in Go"},
	{"interval ''", "compute times in Go"},
	{"::", "use cast(… as …)"},
	{"= any (", "use kernel/db's list of placeholders"},
	{"greatest (", "use case"},
	{"least (", "use case"},
	{"ifnull (", "use coalesce"},
	{"nvl (", "use coalesce"},
	{"for update", "claim rows by update … returning"},
	{"for share", "claim rows by update … returning"},
	{"for no", "claim rows by update … returning"},
	{"ilike", "fold case in Go into a column of its own"},
	{"glob", "use like … escape"},
	{"~", "use like … escape"},
	{"->>", "read JSON in Go"},
	{"->", "read JSON in Go"},
	{"string_agg (", "join in Go"},
	{"group_concat (", "join in Go"},
	{"serial", "make ids with kernel/ids"},
	{"bigserial", "make ids with kernel/ids"},
	{"as identity", "make ids with kernel/ids"},
	{"autoincrement", "make ids with kernel/ids"},
	{"rowid", "make ids with kernel/ids"},
	{"nextval (", "make ids with kernel/ids"},
	{"insert or", "use on conflict"},
	{"replace into", "use on conflict"},
	{"as ( insert", "run two statements in the transaction"},
	{"as ( update", "run two statements in the transaction"},
	{"as ( delete", "run two statements in the transaction"},
	{") strict", "strict tables exist on SQLite only"},
	{"?", "use $1, $2 …"},
	{"pragma", "settings of an engine belong into kernel/db"},
	{"select *", "list the columns"},
}

// checkPortableSQL holds that one SQL text serves both engines.
func checkPortableSQL(t *Tree, plan *Plan, say report) {
	used := map[string]bool{}
	check := func(at string, p Place, words []string) {
		if p.Kind == Tests || plan.engine(p, used) {
			return
		}
		for _, u := range unportable {
			if contains(words, strings.Fields(u.words)) {
				say(at, "%q is not portable: %s", u.words, u.instead)
			}
		}
		for _, name := range columnTypes(words) {
			if !slices.Contains(types, name) {
				say(at, "the type %s is not portable: use one of %s", name, strings.Join(types, ", "))
			}
		}
	}
	for _, m := range t.Migrations {
		check(m.Path, m.Place, tokens(m.SQL))
	}
	for _, p := range t.Packages {
		for _, s := range p.sql {
			check(s.at, p.Place, s.words)
		}
	}
	reportUnused(plan.Engines, used, say)
}

// types are the column types that both engines keep as they are.
var types = []string{"text", "bigint", "boolean", "bytea", "double precision"}

func contains(words, sequence []string) bool {
	for i := 0; i+len(sequence) <= len(words); i++ {
		if slices.Equal(words[i:i+len(sequence)], sequence) {
			return true
		}
	}
	return false
}

// columnTypes returns the types in create table, add column and cast.
func columnTypes(words []string) []string {
	var all []string
	add := func(i int) {
		if i >= len(words) {
			return
		}
		name := words[i]
		if i+1 < len(words) && name == "double" {
			name += " " + words[i+1]
		}
		all = append(all, name)
	}
	for i, w := range words {
		switch {
		case w == "table" && i > 0 && words[i-1] == "create":
			for _, column := range columns(words, i) {
				add(column + 1)
			}
		case w == "add" && i+1 < len(words) && words[i+1] == "column":
			add(i + 3)
		case w == "cast" && i+1 < len(words) && words[i+1] == "(":
			end := closing(words, i+1)
			for j := end - 1; j > i; j-- {
				if words[j] == "as" {
					add(j + 1)
					break
				}
			}
		}
	}
	return all
}

// columns returns where the columns of the table created at i are named.
func columns(words []string, i int) []int {
	open := slices.Index(words[i:], "(")
	if open < 0 {
		return nil
	}
	open += i
	end, depth, first := closing(words, open), 0, true
	var all []int
	for j := open; j < end; j++ {
		if depth == 1 && first && !slices.Contains([]string{"primary", "unique", "check", "constraint", "foreign"}, words[j]) {
			all = append(all, j)
		}
		first = depth == 1 && words[j] == ","
		switch words[j] {
		case "(":
			if depth++; depth == 1 {
				first = true
			}
		case ")":
			depth--
		}
	}
	return all
}

var verb = regexp.MustCompile(`%[a-z]`)

// checkSQLText holds that SQL is a constant text that names its owner, and that a module keeps it in its store.
func checkSQLText(t *Tree, plan *Plan, say report) {
	for _, p := range t.Packages {
		if p.Room == "" || plan.engine(p.Place, map[string]bool{}) || p.forTests() {
			continue
		}
		for _, s := range p.sql {
			m := tag.FindStringSubmatch(s.text)
			switch {
			case m == nil:
				say(s.at, "SQL does not start with a tag such as /* %s.what */", p.Room)
			case m[1] != p.Room:
				say(s.at, "the tag of this SQL names %s, not %s", m[1], p.Room)
			}
			if s.built || verb.MatchString(s.text) {
				say(s.at, "SQL has a variable in its text: pass it as an argument, or choose between whole statements")
			}
			file := s.at[strings.LastIndexByte(s.at, '/')+1:]
			if p.Kind == Module && !strings.HasPrefix(file, "store") {
				say(s.at, "SQL of a module stands in store.go or store_*.go")
			}
		}
	}
}
