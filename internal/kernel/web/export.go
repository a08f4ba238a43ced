package web

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"tongban/internal/kernel/errs"
	"tongban/internal/kernel/i18n"
)

// CheckFormat returns an Invalid error when the parameter "format" names none that Export writes. Asked first, it keeps
// the log from telling of an export that never was.
func CheckFormat(r *http.Request) error {
	switch r.FormValue("format") {
	case "csv", "csv-gb18030", "xlsx":
		return nil
	}
	return errs.InvalidFields(errs.Field{Name: "format", Code: "not_a_choice"})
}

// Export answers with a list as a file, in the format the parameter "format" names: csv (UTF-8 with a mark that
// spreadsheets know), csv-gb18030, or xlsx. Rows come as the list is read, so that a long list as csv needs no memory;
// xlsx waits for all of them. Name is the file's name without its ending. An Invalid error answers another format.
//
// An error of the first row is answered like any other. After that part of the file has gone, and the connection is
// broken off, so that nobody takes what arrived for the whole list.
//
// Text that a spreadsheet would run as a formula is written as text.
func (s *Site) Export(w http.ResponseWriter, r *http.Request, name string, header []string, rows iter.Seq2[[]string, error]) error {
	name = fileName(name + "-" + i18n.From(r.Context()).Date(s.Clock.Now()))
	to := &client{Writer: w}
	err := s.export(to, w.Header(), r.FormValue("format"), name, header, rows)
	if err != nil && to.gone {
		return nil // and nobody is left to tell
	}
	return err
}

func (s *Site) export(to *client, head http.Header, format, name string, header []string, rows iter.Seq2[[]string, error]) error {
	switch format {
	case "csv":
		attach(head, name+".csv", "text/csv; charset=utf-8")
		return writeCSV(to, "\ufeff", header, rows)
	case "csv-gb18030":
		attach(head, name+".csv", "text/csv; charset=gb18030")
		encoder := transform.NewWriter(to, simplifiedchinese.GB18030.NewEncoder())
		if err := writeCSV(encoder, "", header, rows); err != nil {
			return err
		}
		return encoder.Close()
	case "xlsx":
		attach(head, name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		return writeXLSX(to, header, rows)
	default:
		return errs.InvalidFields(errs.Field{Name: "format", Code: "not_a_choice"})
	}
}

// client notes when nobody takes the answer any more.
type client struct {
	io.Writer
	gone bool
}

// Write passes on.
func (c *client) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.gone = c.gone || err != nil
	return n, err
}

func attach(h http.Header, name, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// fileName leaves out what file systems and headers do not take.
func fileName(name string) string {
	name = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsGraphic(c) || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '-'
		}
		return c
	}, name)
	return strings.TrimLeft(shorten(name, 100), ".- ")
}

// writeCSV writes the mark, if there is one, and the list. Nothing is written before the first row is there.
func writeCSV(w io.Writer, mark string, header []string, rows iter.Seq2[[]string, error]) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	begun := false
	begin := func() error {
		begun = true
		if _, err := io.WriteString(w, mark); err != nil {
			return err
		}
		return out.Write(plainTexts(header))
	}
	for row, err := range rows {
		if err == nil && !begun {
			err = begin()
		}
		if err == nil {
			err = out.Write(plainTexts(row))
		}
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	if !begun {
		if err := begin(); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

// plainTexts returns the cells as texts. The caller's row stays as it is.
func plainTexts(row []string) []string {
	texts := make([]string, len(row))
	for i, cell := range row {
		texts[i] = plainText(strings.ToValidUTF8(cell, "\ufffd"))
	}
	return texts
}

// formulaStart are the characters that begin a formula; the full-width ones do so in Chinese and Japanese spreadsheets.
const formulaStart = "=+-@\t\r\n＝＋－＠"

var number = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// plainText puts an apostrophe before what a spreadsheet would take for a formula; numbers stay numbers.
func plainText(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if cell == "" || !strings.ContainsRune(formulaStart, first) || number.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

// writeXLSX writes all cells as strings, which no spreadsheet runs.
func writeXLSX(w io.Writer, header []string, rows iter.Seq2[[]string, error]) error {
	f := excelize.NewFile()
	defer f.Close() // removes its temporary file
	sheet, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := putRow(sheet, 1, header); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	line := 1
	for row, err := range rows {
		if line++; err == nil {
			err = putRow(sheet, line, row)
		}
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	if err := sheet.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return f.Write(w)
}

func putRow(sheet *excelize.StreamWriter, line int, row []string) error {
	if line > excelize.TotalRows {
		return ErrSheetFull.With("max", excelize.TotalRows)
	}
	cells := make([]any, len(row))
	for i, c := range row {
		cells[i] = c
	}
	at, err := excelize.CoordinatesToCellName(1, line)
	if err != nil {
		return err
	}
	return sheet.SetRow(at, cells)
}
