package web_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

var errDisk = errors.New("disk")

// rowsOf yields the rows and then, if there is one, the error.
func rowsOf(rows [][]string, end error) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		if end != nil {
			yield(nil, end)
		}
	}
}

// exporting serves a list under /list.
func exporting(t *testing.T, name string, header []string, rows iter.Seq2[[]string, error]) string {
	t.Helper()
	site := newSite(t, nil)
	site.Page("GET /list", ui.Console, func(w http.ResponseWriter, r *http.Request) error {
		return site.Export(w, r, name, header, rows)
	})
	server := httptest.NewServer(site.Handler())
	t.Cleanup(server.Close)
	return server.URL + "/list?format="
}

var (
	exportHeader = []string{"编号", "=名称"}
	exportRows   = [][]string{{"1", "𠮷野家 㐀 ḿ €"}, {"-3.5", "张三，\"引号\"\r\n第二行"}, {"=1+1", "a\xffb"}, {"", "＝1＋1"}}
	exported     = [][]string{{"编号", "'=名称"}, {"1", "𠮷野家 㐀 ḿ €"}, {"-3.5", "张三，\"引号\"\n第二行"}, {"'=1+1", "a\ufffdb"}, {"", "'＝1＋1"}}
)

// table reads CSV.
func table(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestExportCSV(t *testing.T) {
	t.Parallel()
	at := exporting(t, "名单", exportHeader, rowsOf(exportRows, nil))
	resp, body, err := get(t, at+"csv")
	if err != nil || !strings.HasPrefix(body, "\ufeff编号") || resp.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatalf("%v %v %.50q", err, resp.Header, body)
	}
	if diff := cmp.Diff(exported, table(t, strings.TrimPrefix(body, "\ufeff"))); diff != "" {
		t.Errorf("csv (-want +got):\n%s", diff)
	}
	if !strings.Contains(body, "\r\n") || exportRows[2][0] != "=1+1" {
		t.Error("lines end otherwise, or the caller's rows were changed")
	}
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err != nil || params["filename"] != "名单-2026-11-21.csv" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %v", err, resp.Header)
	}
}

// Long lists cross the buffers of the encoder in the middle of characters of two and of four bytes.
func TestExportGB18030(t *testing.T) {
	t.Parallel()
	rows := exportRows
	for range 500 {
		rows = append(rows, []string{"长", "a𠮷"})
	}
	_, body, err := get(t, exporting(t, "名单", exportHeader, rowsOf(rows, nil))+"csv-gb18030")
	if err != nil {
		t.Fatal(err)
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().String(body)
	if err != nil || !strings.HasPrefix(body, "\xb1\xe0\xba\xc5") { // 编号
		t.Fatalf("%v %.50q", err, body)
	}
	got := table(t, text)
	if diff := cmp.Diff(exported, got[:5]); diff != "" || len(got) != 505 || got[504][1] != "a𠮷" {
		t.Errorf("%d lines; the first (-want +got):\n%s", len(got), diff)
	}
}

func TestExportXLSX(t *testing.T) {
	t.Parallel()
	_, body, err := get(t, exporting(t, "名单", exportHeader, rowsOf(append(exportRows, []string{"\x01", strings.Repeat("长", 40_000)}), nil))+"xlsx")
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Sheet1")
	if err != nil || len(rows) != 6 || rows[1][1] != exportRows[0][1] || rows[3][0] != "=1+1" {
		t.Errorf("%v %.300q", err, rows)
	}
	for _, cell := range []string{"A2", "A3", "A4"} {
		formula, _ := f.GetCellFormula("Sheet1", cell)
		kind, err := f.GetCellType("Sheet1", cell)
		if err != nil || formula != "" || (kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString) {
			t.Errorf("%s is %v with formula %q, not text: %v", cell, kind, formula, err)
		}
	}
}

// No cell of the corpus begins a formula in the file; the escaped text still holds all that was there.
func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	cells := []string{"=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a", "-inf", "+0x1p-2", "-1_0", "+1,2"}
	for line := range strings.Lines(string(corpus(t, "csv-formula/csv-payload.txt"))) {
		cells = append(cells, strings.TrimSpace(line))
	}
	for _, cell := range cells {
		got := web.PlainText(cell)
		if strings.HasPrefix(got, "DDE") || got == "" {
			continue // no formula without its sign
		}
		if strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(got)[0]) || !strings.HasSuffix(got, cell) {
			t.Errorf("%q became %q", cell, got)
		}
	}
	for _, cell := range []string{"-3", "+8613800138000", "-0.50", "2026-11-21", "a=b", "a@b.example", "'", "长"} {
		if got := web.PlainText(cell); got != cell {
			t.Errorf("%q became %q", cell, got)
		}
	}
}

func TestExportThatFails(t *testing.T) {
	t.Parallel()
	many := make([][]string, 3000)
	for i := range many {
		many[i] = []string{"a", "b"}
	}
	for _, format := range []string{"csv", "csv-gb18030", "xlsx"} {
		resp, body, err := get(t, exporting(t, "a", exportHeader, rowsOf(nil, errDisk))+format)
		if err != nil || resp.StatusCode != 500 || resp.Header.Get("Content-Disposition") != "" || !strings.Contains(body, "系统出了点问题") {
			t.Errorf("%s, at once: %v %v %.50s", format, err, resp, body)
		}
		resp, body, err = get(t, exporting(t, "a", exportHeader, rowsOf(many, errDisk))+format)
		if whole := err == nil && resp.StatusCode == 200; whole || (resp.StatusCode == 200 && strings.Contains(body, "<html")) {
			t.Errorf("%s, in the middle: %d bytes look like the whole list", format, len(body))
		}
	}
	resp, body, err := get(t, exporting(t, "a", exportHeader, rowsOf(nil, nil))+"exe")
	if err != nil || resp.StatusCode != 422 || resp.Header.Get("Content-Disposition") != "" {
		t.Errorf("unknown format: %v %v %.50s", err, resp, body)
	}
	if _, body, err := get(t, exporting(t, "a", exportHeader, rowsOf(nil, nil))+"csv"); err != nil || body != "\ufeff编号,'=名称\r\n" {
		t.Errorf("empty list: %v %q", err, body)
	}
}

// A file name is a name: no folder, no second header, no device of its own making.
func TestFileNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"名单": "名单", "../../etc/passwd": "etc-passwd", "a\r\nSet-Cookie: b": "a--Set-Cookie- b", "a\"b;c": "a-b;c", "\xff.exe": "exe",
		strings.Repeat("长", 300): strings.Repeat("长", 100),
	} {
		if got := web.FileName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	resp, _, err := get(t, exporting(t, "a\r\nX-Evil: 1", nil, rowsOf(nil, nil))+"csv")
	if err != nil || resp.Header.Get("X-Evil") != "" {
		t.Errorf("%v %v", err, resp.Header)
	}
}

// A client that goes away in the middle ends the reading of the list, and is no failure.
func TestExportToNobody(t *testing.T) {
	t.Parallel()
	site := newSite(t, nil)
	read := 0
	endless := func(yield func([]string, error) bool) {
		for read = 0; yield([]string{strings.Repeat("x", 1000)}, nil); read++ {
		}
	}
	site.Page("GET /list", ui.Console, func(w http.ResponseWriter, r *http.Request) error {
		if err := site.Export(w, r, "a", nil, endless); err != nil {
			t.Error(err)
		}
		return nil
	})
	for _, format := range []string{"csv", "csv-gb18030"} {
		site.Handler().ServeHTTP(&deafWriter{ResponseRecorder: httptest.NewRecorder()}, httptest.NewRequest("GET", "/list?format="+format, nil))
		if read == 0 || read > 100 {
			t.Errorf("%s: %d rows were read", format, read)
		}
	}
}

// deafWriter takes 10 kB and then no more.
type deafWriter struct {
	*httptest.ResponseRecorder
	took int
}

func (w *deafWriter) Write(b []byte) (int, error) {
	if w.took += len(b); w.took > 10_000 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

// The temporary file of a large sheet is removed.
func TestExportLeavesNoFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	many := func(yield func([]string, error) bool) {
		row := []string{strings.Repeat("x", 30_000)}
		for range 600 { // excelize writes to a file from 16 MB on
			if !yield(row, nil) {
				return
			}
		}
		if entries, err := os.ReadDir(folder); err != nil || len(entries) == 0 {
			t.Errorf("no temporary file was used, so that this test shows nothing: %v", err)
		}
	}
	_, body, err := get(t, exporting(t, "a", nil, many)+"xlsx")
	if left, readErr := os.ReadDir(folder); err != nil || readErr != nil || len(left) != 0 || !bytes.HasPrefix([]byte(body), []byte("PK")) {
		t.Errorf("%v %v: %d files are left", err, readErr, len(left))
	}
}
