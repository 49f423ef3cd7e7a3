package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// column is what becomes of a column.
type column struct {
	target string // a known field or one of those below, or else a name in the metadata
	kept   bool   // it is a name in the metadata in any case
}

// The targets that are neither a known field nor a name in the metadata.
const (
	colNothing  = "-"
	colName     = ingest.FullName
	colTags     = "tags"
	colStatus   = "status"
	colAssignee = "assignedTo"
	colMetadata = "metadata" // an object of metadata, as ExportCSV writes it; only in a file of that
)

// computed are the columns of an export that are not taken in.
var computed = []string{"id", "createdAt", "updatedAt", "score", "qualification", "source", "country", "channel", "submissions"}

// assign decides what becomes of each column. A known field is taken from the first column that looks like it.
func (im *importer) assign(header []string) error {
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	im.report.Mapping = make(map[string]string, len(header))
	taken := make(map[string]bool)
	for _, target := range im.opts.Mapping {
		taken[target] = target != colNothing
	}
	exported := !slices.ContainsFunc(columns, func(name string) bool { return !slices.Contains(header, name) })
	var c check
	for i, name := range header {
		target, given := im.opts.Mapping[name]
		col := column{target: target, kept: target == colMetadata}
		if !given {
			if col = guess(name, exported); taken[col.target] {
				col = column{target: name, kept: true}
			}
			taken[col.target] = col.target != colNothing
		}
		if col.target == "" {
			col.target = colNothing
		}
		c.that(len(col.target) <= ingest.MaxName && storable(col.target), "/mapping/"+pointer(name), "at most %d bytes of valid UTF-8", ingest.MaxName)
		im.columns = append(im.columns, col)
		im.report.Mapping[nameOf(name, i)] = col.target
	}
	for name := range im.opts.Mapping {
		c.that(slices.Contains(header, strings.TrimSpace(name)), "/mapping/"+pointer(name), "there is no such column")
	}
	im.report.ID = im.opts.ID
	if im.report.ID == "" {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %v %q", header, im.columns, im.opts.SourceID))
		im.report.ID = hex.EncodeToString(sum[:12])
	}
	c.that(len(im.report.ID) <= 100 && storable(im.report.ID), "/id", "at most 100 bytes")
	return c.err()
}

// guess decides about a column that nobody has decided about. exported says that the file is one of ours.
func guess(name string, exported bool) column {
	switch {
	case strings.EqualFold(name, colTags):
		return column{target: colTags}
	case exported && slices.Contains(computed, name):
		return column{target: colNothing}
	case exported && slices.Contains(columns, name):
		return column{target: name}
	}
	if known := Suggest(name); known != "" {
		return column{target: known}
	}
	return column{target: name, kept: name != "" && name != colNothing}
}

// importRow is one line on its way.
type importRow struct {
	line     int
	sub      ingest.Submission
	tags     []string
	status   leads.Status
	assignee string
	refused  string // why it is not tried
	captured leads.Captured
	err      error
}

// row makes what a door would have made of the line.
func (im *importer) row(line int, cells []string) importRow {
	r := importRow{line: line, sub: ingest.Submission{
		Tenant: im.user.Tenant, SourceID: im.opts.SourceID, Metadata: ingest.Metadata{}, Key: fmt.Sprintf("import/%s/%d", im.report.ID, line),
	}}
	if !im.opts.Announce {
		r.sub.Flags = []ingest.Flag{ingest.FlagImported}
	}
	if len(cells) > len(im.columns) && !empty(cells[len(im.columns):]) {
		r.refused = fmt.Sprintf("the line has %d cells, and the header names %d columns", len(cells), len(im.columns))
		return r
	}
	for i, cell := range cells[:min(len(cells), len(im.columns))] {
		if cell = strings.TrimSpace(uncell(strings.TrimLeftFunc(cell, unicode.IsSpace))); cell != "" && r.refused == "" {
			r.refused = r.put(im.columns[i], cell)
		}
	}
	return r
}

// put takes one cell in, or says why it cannot be.
func (r *importRow) put(to column, cell string) (refused string) {
	if to.kept {
		r.sub.Metadata.SetText(to.target, cell)
		return ""
	}
	switch to.target {
	case colNothing:
	case colName:
		r.sub.Fields.FirstName, r.sub.Fields.LastName = ingest.SplitName(cell)
	case colTags:
		return r.putTags(cell)
	case colStatus:
		if r.status = leads.Status(strings.ToLower(cell)); !slices.Contains(Statuses(), r.status) {
			return fmt.Sprintf("status: one of %v", Statuses())
		}
	case colAssignee:
		if r.assignee = cell; len(cell) > 255 || !storable(cell) {
			return "assignedTo: at most 255 bytes"
		}
	case colMetadata:
		var values map[string]json.RawMessage
		if json.Unmarshal([]byte(cell), &values) != nil {
			return "metadata: not the JSON object that an export writes"
		}
		for name, value := range values {
			r.sub.Metadata[name] = value
		}
	default:
		if field := r.sub.Fields.Field(to.target); field != nil {
			*field = cell
			return ""
		}
		r.sub.Metadata.SetText(to.target, cell)
	}
	return ""
}

func (r *importRow) putTags(cell string) (refused string) {
	for _, tag := range strings.FieldsFunc(cell, func(c rune) bool { return strings.ContainsRune(",;|", c) }) {
		if tag = strings.TrimSpace(tag); tag == "" || slices.Contains(r.tags, tag) {
			continue
		}
		if len(tag) > maxTag || !storable(tag) || len(r.tags) == maxTags {
			return fmt.Sprintf("tags: at most %d, each of at most %d bytes", maxTags, maxTag)
		}
		r.tags = append(r.tags, tag)
	}
	return ""
}

// more reports whether the row has what a submission does not bring.
func (r *importRow) more() bool { return len(r.tags) > 0 || r.status != "" || r.assignee != "" }

// complete adds to the lead what it does not have, and returns the events of it. What a person has decided stays.
func (r *importRow) complete(lead *leads.Lead, by string, at time.Time) []leads.Event {
	var events []leads.Event
	add := func(e leads.Event, changed bool) {
		if changed {
			events = append(events, e)
		}
	}
	for _, tag := range r.tags {
		if len(lead.Tags) < maxTags {
			add(lead.Tag(leads.Change{To: tag, By: by, Reason: "import"}, at))
		}
	}
	if r.status != "" && lead.Status == leads.StatusNew && lead.Stage == "" {
		add(lead.SetStatus(leads.Change{To: string(r.status), By: by, Reason: "import"}, at))
	}
	if r.assignee != "" && lead.Assignee == "" {
		add(lead.Assign(leads.Change{To: r.assignee, By: by, Reason: "import"}, at))
	}
	return events
}

// uncell takes the apostrophe away that [Cell] has put before a formula.
func uncell(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && Cell(rest) == s {
		return rest
	}
	return s
}
