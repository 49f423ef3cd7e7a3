package desk

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// ImportOptions sets an import. Nil means that everything is guessed.
type ImportOptions struct {
	// ID names the import. Rows of an import that was broken off are known by it when it is run again with the same file within 72 hours.
	// "" means one made of the header line and the options.
	ID string
	// SourceID is the source that the leads came through, or "".
	SourceID string
	// Mapping says what becomes of a column by its header: a known field, "fullName", "tags", "-" to leave it out, or a name in the metadata.
	// Columns that are not named are guessed by [Suggest] and else kept under their header.
	Mapping map[string]string
	// Separator is the character between cells; 0 means the most frequent of , ; and tab in the header line.
	Separator rune
	// DryRun reads and checks everything, and stores nothing.
	DryRun bool
	// FromLine skips the lines before it, to go on where a report ended. 0 means the line after the header.
	FromLine int
	// Announce has the team told of each lead and sequences begin, as for any submission. Without it leads are enriched and scored only.
	Announce bool
}

// ImportReport is what became of an import.
type ImportReport struct {
	ID      string            `json:"id"`
	Mapping map[string]string `json:"mapping"` // what was made of each column, "-" for those left out
	Rows    int               `json:"rows"`    // lines that were read, the header and empty ones left out
	Created int               `json:"created"` // new leads
	Merged  int               `json:"merged"`  // leads that were known, also from a line above
	Skipped int               `json:"skipped"` // lines that an earlier run of the import has taken in
	Refused []Refusal         `json:"refused"` // at most MaxRefusals
	More    int               `json:"more"`    // further refusals
	// LastLine is the last line that was settled, with all before it: where to go on after an error is the line after it.
	LastLine int `json:"lastLine"`
}

// Refusal is a line that was not taken in.
type Refusal struct {
	Line    int    `json:"line"` // from 1, the header's
	Message string `json:"message"`
}

// MaxRefusals is how many refusals a report lists.
const MaxRefusals = 1000

const (
	maxColumns  = 250
	importBatch = 512 // rows that are captured at once; they share transactions
)

// Import reads leads from a CSV file (RFC 4180, UTF-8 with or without a byte order mark, the first line a header) as a stream, and takes each line
// in through the same line as any door. Lines that cannot be taken are reported and do not stop it. An error means that it was broken off; the
// report says where. For admins.
func (d *Desk) Import(ctx context.Context, u User, r io.Reader, opts *ImportOptions) (ImportReport, error) {
	if err := may(u, Admin); err != nil {
		return ImportReport{}, err
	}
	o := ImportOptions{}
	if opts != nil {
		o = *opts
	}
	if o.SourceID != "" {
		if _, err := d.source(ctx, u, o.SourceID); err != nil {
			return ImportReport{}, invalid("/sourceId", "there is no such source")
		}
	}
	im, err := newImporter(d, u, o, r)
	if err != nil {
		return ImportReport{}, err
	}
	err = im.run(ctx)
	summary, _ := json.Marshal(map[string]any{"rows": im.report.Rows, "created": im.report.Created, "dryRun": o.DryRun})
	d.audit(ctx, u, "lead.import", im.report.ID, summary)
	return im.report, err
}

// importer is an import under way.
type importer struct {
	desk    *Desk
	user    User
	opts    ImportOptions
	in      *csv.Reader
	targets []string // what becomes of each column
	report  ImportReport
}

func newImporter(d *Desk, u User, o ImportOptions, r io.Reader) (*importer, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	first, _ := in.Peek(16 << 10)
	if o.Separator == 0 {
		o.Separator = separator(first)
	}
	im := &importer{desk: d, user: u, opts: o, in: csv.NewReader(in)}
	im.in.Comma, im.in.FieldsPerRecord, im.in.LazyQuotes, im.in.ReuseRecord = o.Separator, -1, true, false
	header, err := im.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, invalid("/file", "the file is empty: the first line names the columns")
	} else if err != nil {
		return nil, invalid("/file", "the first line cannot be read: %v", err)
	}
	if len(header) > maxColumns {
		return nil, invalid("/file", "at most %d columns", maxColumns)
	}
	return im, im.assign(header)
}

// separator guesses what stands between cells.
func separator(first []byte) rune {
	line, _, _ := bytes.Cut(first, []byte("\n"))
	best, most := ',', 0
	for _, c := range ",;\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// assign decides what becomes of each column. A known field is taken from the first column that looks like it.
func (im *importer) assign(header []string) error {
	im.report.Mapping = make(map[string]string, len(header))
	taken := make(map[string]bool)
	for _, target := range im.opts.Mapping {
		taken[target] = true
	}
	var c check
	for i, name := range header {
		name = strings.TrimSpace(name)
		target, given := im.opts.Mapping[name]
		if !given {
			if target = Suggest(name); target == "" || taken[target] {
				target = name
			}
			taken[target] = true
		}
		if target == "" {
			target = "-"
		}
		c.that(len(target) <= ingest.MaxName && storable(target), fmt.Sprintf("/mapping/%s", pointer(name)), "at most %d bytes of valid UTF-8", ingest.MaxName)
		im.targets = append(im.targets, target)
		im.report.Mapping[cmp.Or(name, fmt.Sprintf("column %d", i+1))] = target
	}
	for name := range im.opts.Mapping {
		c.that(slices.ContainsFunc(header, func(h string) bool { return strings.TrimSpace(h) == name }), "/mapping/"+pointer(name), "there is no such column")
	}
	im.report.ID = im.opts.ID
	if im.report.ID == "" {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", header, im.targets, im.opts.SourceID))
		im.report.ID = hex.EncodeToString(sum[:12])
	}
	c.that(len(im.report.ID) <= 100 && storable(im.report.ID), "/id", "at most 100 bytes")
	return c.err()
}

// importRow is one line on its way.
type importRow struct {
	line     int
	sub      ingest.Submission
	captured leads.Captured
	err      error
}

func (im *importer) run(ctx context.Context) error {
	for {
		rows, err := im.read()
		if len(rows) > 0 {
			if err := im.take(ctx, rows); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return wrap("import", err)
		}
	}
}

// read reads the next rows; a line that is no CSV is refused.
func (im *importer) read() (rows []importRow, err error) {
	for len(rows) < importBatch {
		cells, err := im.in.Read()
		line, _ := im.in.FieldPos(0)
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			im.report.Rows++
			im.refuse(wrong.StartLine, "this line is no CSV: "+wrong.Err.Error())
			continue
		case err != nil:
			return rows, err
		case line < im.opts.FromLine || empty(cells):
			continue
		}
		im.report.Rows++
		rows = append(rows, importRow{line: line, sub: im.submission(line, cells)})
	}
	return rows, nil
}

func empty(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}

// submission makes what a door would have made of the line.
func (im *importer) submission(line int, cells []string) ingest.Submission {
	sub := ingest.Submission{
		Tenant: im.user.Tenant, SourceID: im.opts.SourceID, Metadata: ingest.Metadata{}, Key: fmt.Sprintf("import/%s/%d", im.report.ID, line),
	}
	if !im.opts.Announce {
		sub.Flags = []ingest.Flag{ingest.FlagImported}
	}
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if i >= len(im.targets) || cell == "" || im.targets[i] == "-" {
			continue
		}
		cell = uncell(cell)
		target := im.targets[i]
		if target == ingest.FullName {
			sub.Fields.FirstName, sub.Fields.LastName = ingest.SplitName(cell)
		} else if field := sub.Fields.Field(target); field != nil {
			*field = cell
		} else {
			sub.Metadata.SetText(target, strings.ToValidUTF8(cell, "\uFFFD"))
		}
	}
	return sub
}

// uncell takes the apostrophe away that [Cell] has put before a formula.
func uncell(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && Cell(rest) == s {
		return rest
	}
	return s
}

// take captures the rows at once, which then share transactions, and counts what became of them.
func (im *importer) take(ctx context.Context, rows []importRow) error {
	var wg sync.WaitGroup
	for i := range rows {
		r := &rows[i]
		if im.opts.DryRun {
			_, r.err = ingest.Prepare(r.sub, im.desk.now())
			continue
		}
		wg.Go(func() { r.captured, r.err = im.desk.cfg.Engine.Capture(ctx, r.sub) })
	}
	wg.Wait()
	for _, r := range rows {
		switch {
		case r.err == nil && im.opts.DryRun:
		case r.err == nil && r.captured.Repeated:
			im.report.Skipped++
		case r.err == nil && r.captured.Created:
			im.report.Created++
		case r.err == nil:
			im.report.Merged++
		case im.opts.DryRun || errors.Is(r.err, leads.ErrInvalid):
			im.refuse(r.line, strings.TrimPrefix(r.err.Error(), "leads: invalid: "))
		default: // the store is away: what follows is for the next run
			return wrap(fmt.Sprintf("import: line %d", r.line), r.err)
		}
		im.report.LastLine = r.line
	}
	return nil
}

func (im *importer) refuse(line int, message string) {
	im.report.LastLine = max(im.report.LastLine, line)
	if len(im.report.Refused) >= MaxRefusals {
		im.report.More++
		return
	}
	im.report.Refused = append(im.report.Refused, Refusal{Line: line, Message: message})
}
