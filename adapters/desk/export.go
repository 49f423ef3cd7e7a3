package desk

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/openleads/leads"
)

// ErrBusy says that as many exports of the tenant are under way as may be. One that has ended makes room.
var ErrBusy = errors.New("desk: too many exports at once")

// maxExports is how many exports of a tenant run at once in this process.
const maxExports = 2

// exports counts the exports that are under way, by tenant.
type exports struct {
	mu      sync.Mutex
	running map[string]int
}

// begin reports whether there is room for one more, and takes it.
func (e *exports) begin(tenant string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == nil {
		e.running = make(map[string]int)
	}
	if e.running[tenant] >= maxExports {
		return false
	}
	e.running[tenant]++
	return true
}

func (e *exports) end(tenant string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[tenant]--; e.running[tenant] == 0 {
		delete(e.running, tenant)
	}
}

// Each calls do with every lead that f selects, in its order, a page at a time, and returns how many there were. The trail has an entry for
// it: it is how leads leave the system. An error of do ends it. It returns [ErrBusy] when two of the tenant are under way. For admins.
func (d *Desk) Each(ctx context.Context, u User, f Filter, do func(lead leads.Lead) error) (n int, err error) {
	if err := may(u, Admin); err != nil {
		return 0, err
	}
	if err := f.validate(); err != nil {
		return 0, err
	}
	if !d.exports.begin(u.Tenant) {
		return 0, ErrBusy
	}
	defer d.exports.end(u.Tenant)
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
// [Cell]. What is written before an error is part of an export; nothing is written when it could not begin. For admins.
func (d *Desk) ExportCSV(ctx context.Context, u User, f Filter, w io.Writer, raw bool) (int, error) {
	if err := may(u, Admin); err != nil {
		return 0, err
	}
	sources, err := d.SourceNames(ctx, u)
	if err != nil {
		return 0, err
	}
	names := make(map[string]string, len(sources))
	for _, s := range sources {
		names[s.ID] = s.Name
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil { // into its buffer
		return 0, err
	}
	n, err := d.Each(ctx, u, f, func(lead leads.Lead) error {
		row, err := cells(lead, names)
		if err != nil {
			return err
		}
		if !raw {
			for i := range row {
				row[i] = Cell(row[i])
			}
		}
		return out.Write(row)
	})
	if err != nil && n == 0 {
		return 0, err
	}
	out.Flush()
	return n, cmp.Or(err, out.Error())
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

// formulas are the characters with which a formula begins for one spreadsheet or another, their wide, small and mathematical forms too.
const formulas = "=+-@\t\r\n\x00＝＋－＠﹢﹣﹦﹫−"

// Cell makes text inert for spreadsheets, which take what begins with =, +, -, @ (in full width too), a tab, a line break or NUL for a
// formula, also behind blanks, quotes and what cannot be seen: it puts an apostrophe before it. That goes for "-24" and "+49 30 1234" too: a cell
// is never looked at for what it might mean. [Desk.Import] takes the apostrophe away again.
func Cell(s string) string {
	for _, r := range s {
		switch {
		case strings.ContainsRune(formulas, r):
			return "'" + s
		case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), unicode.IsControl(r), strings.ContainsRune("'\"`´‘’“”", r):
		default:
			return s
		}
	}
	return s
}
