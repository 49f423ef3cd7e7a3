package dashboard

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

var importRoutes = []route{
	{Method: "GET", Path: "/import", Role: desk.Admin, Area: "inbox", Do: showImport},
	{Method: "POST", Path: "/import", Role: desk.Admin, Area: "inbox", Upload: true, Do: runImport},
}

// importData is the page of an import. The file stays in the browser between its steps: nothing is kept here.
type importData struct {
	Sources  []desk.Source
	Source   string
	Announce bool
	File     string // its name
	Report   *desk.ImportReport
	Ran      bool   // the report is of the import itself, not of a try
	Broken   string // why it was broken off
	Columns  []importColumn
	Targets  []string
	HandOut  bool // those who nobody is responsible for can be handed out
}

// importColumn is a column of the file and what becomes of it.
type importColumn struct {
	Name, Target string
	Known        bool // Target is a known field or a word of its own; else it is a name in the metadata
	Example      string
}

func importTargets() []string { return append(ingest.KnownFields(), ingest.FullName) }

func (p *page) importView() (view, importData, error) {
	sources, err := p.desk().Sources(p.ctx(), p.user)
	return view{Title: p.board.texts.text("import.title")}, importData{Sources: sources, Targets: importTargets(), HandOut: p.desk().HandsOut()}, err
}

func showImport(p *page) error {
	v, x, err := p.importView()
	v.Data = x
	if err != nil {
		return err
	}
	return p.show("import", v)
}

// runImport tries the file that was sent, or takes it in.
func runImport(p *page) error {
	v, x, err := p.importView()
	if err != nil {
		return err
	}
	file, name, err := p.upload("file")
	if err != nil {
		v.Data = x
		return p.invalid(err, "import", v)
	}
	defer file.Close()
	defer p.r.MultipartForm.RemoveAll()
	opts := &desk.ImportOptions{
		SourceID: p.form("source"), Announce: p.form("announce") != "", DryRun: p.form("do") != "run", Mapping: p.mapping(),
	}
	x.File, x.Source, x.Announce, x.Ran = name, opts.SourceID, opts.Announce, !opts.DryRun
	header, example := firstLines(file)
	report, err := p.desk().Import(p.ctx(), p.user, file, opts)
	v.Data = x
	if err != nil && (report.LastLine == 0 || errors.Is(err, desk.ErrForbidden)) {
		return p.invalid(err, "import", v)
	}
	if err != nil {
		p.board.opts.Logger.ErrorContext(p.ctx(), "dashboard: an import was broken off", "error", err)
		x.Broken = p.board.texts.text("import.broken", report.LastLine)
	}
	for i, r := range report.Refused {
		report.Refused[i].Message = p.board.texts.said(r.Message, nested)
	}
	x.Report = &report
	x.Columns = columnsOf(report.Mapping, header, example)
	v.Data = x
	return p.show("import", v)
}

// firstLines reads the first line of a file, which names its columns, and the next one as an example. What cannot be read is left out: the
// import itself says what is wrong.
func firstLines(file io.ReadSeeker) (header, example []string) {
	start := make([]byte, 64<<10)
	n, _ := io.ReadFull(file, start)
	_, _ = file.Seek(0, io.SeekStart) // a file on disk or in memory
	start = bytes.TrimPrefix(start[:n], []byte("\xef\xbb\xbf"))
	line, _, _ := bytes.Cut(start, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(start))
	in.FieldsPerRecord, in.LazyQuotes = -1, true
	for _, c := range ",;\t" {
		if bytes.Count(line, []byte(string(c))) > bytes.Count(line, []byte(string(in.Comma))) {
			in.Comma = c
		}
	}
	header, _ = in.Read()
	example, _ = in.Read()
	return header, example
}

// columnsOf lists what becomes of the columns, in the order of the file.
func columnsOf(mapping map[string]string, header, example []string) []importColumn {
	var columns []importColumn
	rest := maps.Clone(mapping)
	add := func(name, example string) {
		target := rest[name]
		delete(rest, name)
		known := target == "-" || target == ingest.FullName || (&ingest.Fields{}).Field(target) != nil
		columns = append(columns, importColumn{Name: name, Target: target, Known: known, Example: example})
	}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, ok := rest[name]; !ok {
			continue
		}
		value := ""
		if i < len(example) {
			value = example[i]
		}
		add(name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		add(name, "")
	}
	return columns
}

// mapping reads what columns become: map.NAME is a target, "+" keeps the column under its own name.
func (p *page) mapping() map[string]string {
	chosen := make(map[string]string)
	for name, values := range p.r.MultipartForm.Value {
		column, ok := strings.CutPrefix(name, "map.")
		if !ok || len(values) == 0 {
			continue
		}
		chosen[column] = values[0]
		if values[0] == "+" {
			chosen[column] = column
		}
	}
	return chosen
}

// upload reads a multipart form with a file in it, which is kept on disk while the request lasts when it is large.
func (p *page) upload(field string) (multipart.File, string, error) {
	p.patient()
	p.r.Body = http.MaxBytesReader(p.w, p.r.Body, p.board.opts.MaxUpload)
	err := p.r.ParseMultipartForm(maxForm)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, "", p.wrong("/"+field, "import.large", p.board.opts.MaxUpload>>20)
	case errors.Is(err, http.ErrNotMultipart), errors.Is(err, http.ErrMissingBoundary):
		return nil, "", errForm
	case err != nil:
		return nil, "", p.wrong("/"+field, "import.lost")
	}
	file, header, err := p.r.FormFile(field)
	if err != nil {
		return nil, "", p.wrong("/"+field, "import.nofile")
	}
	if n, _ := file.Read(make([]byte, 1)); n == 0 {
		return nil, "", p.wrong("/"+field, "import.nofile")
	}
	_, err = file.Seek(0, io.SeekStart)
	return file, header.Filename, err
}

// wrong is the error of one field with a text of the catalogue.
func (p *page) wrong(pointer, key string, args ...any) error {
	return &desk.InvalidError{Fields: []desk.FieldError{{Pointer: pointer, Message: p.board.texts.text(key, args...)}}}
}
