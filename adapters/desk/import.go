package desk

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	// Mapping says what becomes of a column by its header: a known field, "fullName", "tags" (separated by commas, semicolons or bars),
	// "status" and "assignedTo" (of leads that are new, or nobody's), "-" to leave it out, or a name in the metadata. Columns that are not
	// named are guessed by [Suggest] and else kept under their header; a file that ExportCSV has written is known by its columns.
	Mapping map[string]string
	// Separator is the character between cells; 0 means the most frequent of , ; and tab in the header line, or what a line "sep=;" before it says.
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
	maxRow      = 512 << 10
)

// Import reads leads from a CSV file as a stream, and takes each line in through the same line as any door. The file is by RFC 4180, its first
// line a header, in UTF-8 or UTF-16 with or without a byte order mark; a cell that is no UTF-8 is read as Windows-1252, which holds Latin-1. Lines
// that cannot be taken are reported and do not stop it. An error means that it was broken off; the report says where to go on. Run again
// with the same file and ID within 72 hours, the lines that were taken in are skipped. For admins.
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
	summary, _ := json.Marshal(map[string]any{"rows": im.report.Rows, "created": im.report.Created, "dryRun": o.DryRun, "complete": err == nil})
	d.audit(ctx, u, "lead.import", im.report.ID, summary)
	return im.report, err
}

// importer is an import under way.
type importer struct {
	desk    *Desk
	user    User
	opts    ImportOptions
	table   *table
	columns []column
	report  ImportReport
}

func newImporter(d *Desk, u User, o ImportOptions, r io.Reader) (*importer, error) {
	t, err := newTable(r, o.Separator)
	if err != nil {
		return nil, err
	}
	im := &importer{desk: d, user: u, opts: o, table: t}
	_, header, err := t.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, invalid("/file", "the file is empty: the first line names the columns")
	case errors.Is(err, leads.ErrInvalid):
		return nil, err
	case isCSV(err) != nil:
		return nil, invalid("/file", "the first line cannot be read: %v", err)
	case err != nil:
		return nil, wrap("import", err)
	case len(header) > maxColumns:
		return nil, invalid("/file", "at most %d columns", maxColumns)
	}
	return im, im.assign(header)
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

// read reads the next rows; a line that is no CSV is one that is refused.
func (im *importer) read() (rows []importRow, err error) {
	for len(rows) < importBatch {
		line, cells, err := im.table.next()
		wrong := isCSV(err)
		switch {
		case err != nil && wrong == nil:
			return rows, err
		case line < im.opts.FromLine || wrong == nil && empty(cells):
			continue
		case wrong != nil:
			rows = append(rows, importRow{line: line, refused: "this line is no CSV: " + wrong.Err.Error()})
		default:
			rows = append(rows, im.row(line, cells))
		}
	}
	return rows, nil
}

// take captures the rows at once, which then share transactions, and counts what became of them in their order.
func (im *importer) take(ctx context.Context, rows []importRow) error {
	var wg sync.WaitGroup
	var tags []string
	for i := range rows {
		r := &rows[i]
		switch {
		case r.refused != "":
		case im.opts.DryRun:
			_, r.err = ingest.Prepare(r.sub, im.desk.now())
		default:
			tags = with(tags, r.tags)
			wg.Go(func() { im.takeRow(ctx, r) })
		}
	}
	wg.Wait()
	im.desk.rememberTags(ctx, im.user, tags)
	for i := range rows {
		if err := im.count(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// takeRow captures one row, and gives the lead what a submission does not bring.
func (im *importer) takeRow(ctx context.Context, r *importRow) {
	if r.captured, r.err = im.desk.cfg.Engine.Capture(ctx, r.sub); r.err != nil || !r.more() {
		return
	}
	_, err := im.desk.store.Edit(ctx, im.user.Tenant, r.captured.LeadID, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		events := r.complete(lead, im.user.ID, im.desk.now())
		if len(events) == 0 {
			return nil, nil, errUnchanged
		}
		return events, nil, nil
	})
	if err != nil && !errors.Is(err, errUnchanged) && !leads.IsNotFound(err) { // not found: it was erased meanwhile
		r.err = err
	}
}

// errUnchanged keeps a lead from being stored anew.
var errUnchanged = errors.New("desk: nothing to change")

// count enters a row into the report. An error means that the store is away: what follows is for the next run.
func (im *importer) count(r *importRow) error {
	switch {
	case r.refused != "":
		im.refuse(r.line, r.refused)
	case r.err != nil && (im.opts.DryRun || errors.Is(r.err, leads.ErrInvalid)):
		im.refuse(r.line, plainly(r.err))
	case r.err != nil:
		return wrap(fmt.Sprintf("import: line %d", r.line), r.err)
	case im.opts.DryRun:
	case r.captured.Repeated:
		im.report.Skipped++
	case r.captured.Created:
		im.report.Created++
	default:
		im.report.Merged++
	}
	im.report.Rows++
	im.report.LastLine = r.line
	return nil
}

func (im *importer) refuse(line int, message string) {
	if len(im.report.Refused) >= MaxRefusals {
		im.report.More++
		return
	}
	im.report.Refused = append(im.report.Refused, Refusal{Line: line, Message: message})
}

// isCSV returns the error of a line that is no CSV, after which the next can be read; nil for any other.
func isCSV(err error) *csv.ParseError {
	var wrong *csv.ParseError
	errors.As(err, &wrong)
	return wrong
}
