package ui

import "github.com/a-h/templ"

// TableView is a list of things as a table; on a phone every row becomes a card.
type TableView struct {
	ID      string // needed with Bulk and with Live
	Caption string // what the table lists; read out, not shown
	Columns []Column
	Rows    []Row
	Bulk    *BulkView  // rows get a check box, and a bar with these actions shows while any is checked
	Dense   bool       // tight rows; the reader can also ask for them
	Empty   *EmptyView // in place of the table when there are no rows
	Live    string     // the topic of the live stream that refreshes it
	TestID  string
}

// ColumnKind decides how the cells of a column are set.
type ColumnKind string

// The kinds of columns.
const (
	TextColumn    ColumnKind = ""
	NumberColumn  ColumnKind = "number"  // right-aligned, figures of one width
	CodeColumn    ColumnKind = "code"    // numbers of things: never broken
	TimeColumn    ColumnKind = "time"    // never broken
	ActionsColumn ColumnKind = "actions" // buttons; its label is read out only
)

// Column is the head of a column. With SortHref it is a link that sorts.
type Column struct {
	Label    string
	Kind     ColumnKind
	SortHref string
	Sorted   string // "asc" or "desc" on the column the list is sorted by
	Minor    bool   // left out on narrow screens
}

// Row is one thing of the list.
type Row struct {
	ID       string // the value of its check box
	Label    string // names the thing for its check box; the text of the first cell when empty
	Href     string // the thing's page: the whole row leads there
	Tone     Tone   // marks the row at its edge
	Selected bool
	Cells    []TD
}

// TD is one cell. Content stands for anything the other fields cannot say.
type TD struct {
	Text    string
	Sub     string // second line, smaller
	Code    string // second line: an identifier of the program
	Href    string
	Status  *StatusView
	Badge   *BadgeView
	Content templ.Component
}

// empty reports whether the cell has nothing to show, so that a dash stands for it.
func (d TD) empty() bool {
	return d.Text == "" && d.Sub == "" && d.Code == "" && d.Status == nil && d.Badge == nil && d.Content == nil
}

// Text is a cell of plain text.
func Text(s string) TD { return TD{Text: s} }

// StatusTD is a cell with a status.
func StatusTD(text string, tone Tone) TD { return TD{Status: &StatusView{Text: text, Tone: tone}} }

// Component is a cell with any content.
func Component(c templ.Component) TD { return TD{Content: c} }

// BulkView is what can be done to the checked rows. The form posts their ids as "id" and the pressed button.
type BulkView struct {
	Action  string
	Buttons []ButtonView // submit buttons: give Name and Value, or Attrs "formaction"
}

func (v TableView) rowLabel(r Row) string {
	if r.Label != "" {
		return r.Label
	}
	if len(r.Cells) > 0 {
		return r.Cells[0].Text
	}
	return r.ID
}

// ariaSort is the aria-sort value of a column; empty when it does not sort.
func (c Column) ariaSort() string {
	switch {
	case c.Sorted == "asc":
		return "ascending"
	case c.Sorted == "desc":
		return "descending"
	case c.SortHref != "":
		return "none"
	}
	return ""
}

func (c Column) sortIcon() string {
	switch c.Sorted {
	case "asc":
		return "sort-ascending"
	case "desc":
		return "sort-descending"
	}
	return "selector"
}

func (c Column) class() templ.CSSClasses {
	kind := c.Kind
	if kind == TextColumn {
		kind = "text"
	}
	return templ.Classes("tb-col-"+string(kind), templ.KV("tb-minor", c.Minor))
}
