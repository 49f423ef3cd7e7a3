package desk

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/openleads/leads"
)

// Each calls do with every lead that f selects, in its order, a page at a time, and returns how many there were. The trail has an entry for
// it: it is how leads leave the system. An error of do ends it. For admins.
func (d *Desk) Each(ctx context.Context, u User, f Filter, do func(lead leads.Lead) error) (n int, err error) {
	if err := may(u, Admin); err != nil {
		return 0, err
	}
	f.Tenant, f.Limit, f.Offset, f.After = u.Tenant, exportPage, 0, ""
	defer func() {
		count, _ := json.Marshal(map[string]any{"leads": n, "complete": err == nil})
		d.audit(ctx, u, "lead.export", "", count)
	}()
	for {
		page, err := d.store.FindLeads(ctx, f)
		if err != nil {
			return n, wrap("export", err)
		}
		for _, lead := range page.Leads {
			if err := do(lead); err != nil {
				return n, err
			}
			n++
		}
		if page.Next == "" {
			return n, nil
		}
		f.After = page.Next
	}
}

// exportPage is how many leads are read at once.
const exportPage = 1000

// columns are those of the CSV.
var columns = []string{
	"id", "createdAt", "updatedAt", "email", "firstName", "lastName", "phone", "company", "status", "score", "qualification", "source",
	"assignedTo", "tags", "country", "channel", "submissions", "metadata",
}

// ExportCSV writes the leads that f selects as CSV (RFC 4180, UTF-8, with a header line), and returns how many. It holds one page at a time in
// memory. With raw, cells are written as they are; without it a cell that a spreadsheet would take for a formula begins with an apostrophe, see
// [Cell]. What is written before an error is part of an export. For admins.
func (d *Desk) ExportCSV(ctx context.Context, u User, f Filter, w io.Writer, raw bool) (int, error) {
	names, err := d.sourceNames(ctx, u)
	if err != nil {
		return 0, err
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return 0, err
	}
	n, err := d.Each(ctx, u, f, func(lead leads.Lead) error {
		row, err := cells(lead, names)
		if err == nil && !raw {
			for i := range row {
				row[i] = Cell(row[i])
			}
		}
		return cmp.Or(err, out.Write(row))
	})
	out.Flush()
	return n, cmp.Or(err, out.Error())
}

func (d *Desk) sourceNames(ctx context.Context, u User) (map[string]string, error) {
	all, err := d.AllSources(ctx, u)
	names := make(map[string]string, len(all))
	for _, s := range all {
		names[s.ID] = s.Name
	}
	return names, err
}

// cells are the columns of a lead.
func cells(l leads.Lead, names map[string]string) ([]string, error) {
	score, qualification, metadata := "", "", ""
	if l.Score != nil {
		score, qualification = strconv.Itoa(l.Score.Value), string(l.Score.Qualification)
	}
	if len(l.Metadata) > 0 {
		data, err := json.Marshal(l.Metadata)
		if err != nil {
			return nil, wrap("export "+l.ID, err)
		}
		metadata = string(data)
	}
	return []string{
		l.ID, l.CreatedAt.UTC().Format(time.RFC3339), l.UpdatedAt.UTC().Format(time.RFC3339), l.Email, l.FirstName, l.LastName, l.Phone, l.Company,
		string(l.Status), score, qualification, names[l.First.SourceID], l.Assignee, strings.Join(l.Tags, ", "),
		l.Enrichment.Value("geo.country"), l.Enrichment.Value("attribution.first.channel"), strconv.Itoa(l.Submissions), metadata,
	}, nil
}

// Cell makes text inert for spreadsheets, which take what begins with =, +, -, @ (in full width too), a tab, a line break or NUL for a
// formula, also behind blanks and quotes: it puts an apostrophe before it. Numbers stay as they are.
func Cell(s string) string {
	rest := strings.TrimLeft(s, " \u00a0\u3000'\"")
	if rest == "" || !strings.ContainsRune("=+-@\t\r\n\x00＝＋－＠", []rune(rest)[0]) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && !strings.HasPrefix(s, "+") {
		return s
	}
	return "'" + s
}
