package desk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// imported imports a file and returns the report and the leads, oldest first.
func imported(t *testing.T, w *world, file string, o *desk.ImportOptions) (desk.ImportReport, []leads.Lead) {
	t.Helper()
	report, err := w.Import(t.Context(), ada, strings.NewReader(file), o)
	require.NoError(t, err)
	page, err := w.Leads(t.Context(), rita, desk.Filter{Sort: desk.OldestFirst, Limit: 1000})
	require.NoError(t, err)
	return report, page.Leads
}

func TestImportReads(t *testing.T) {
	t.Parallel()
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("Name\tE-Mail\nJürgen Groß\ta@example.com\n")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		file string
		opts desk.ImportOptions
		want ingest.Fields
		meta string
	}{
		"headers guessed":               {file: "E-Mail,Vorname,Nachname,Telefon,Firma,Größe\na@example.com,Ann,Archer,+49 30 1,ACME,XL\n", want: ingest.Fields{Email: "a@example.com", FirstName: "Ann", LastName: "Archer", Phone: "+49 30 1", Company: "ACME"}, meta: `{"Größe":"XL"}`},
		"a full name":                   {file: "name,email\nAnn B. Archer,a@example.com\n", want: ingest.Fields{Email: "a@example.com", FirstName: "Ann B.", LastName: "Archer"}},
		"mapping wins":                  {file: "email,work mail,note\nx@example.com,a@example.com,hi\n", opts: desk.ImportOptions{Mapping: map[string]string{"email": "-", "work mail": "email", "note": "comment"}}, want: ingest.Fields{Email: "a@example.com"}, meta: `{"comment":"hi"}`},
		"two columns for a field":       {file: "email,mail\na@example.com,b@example.com\n", want: ingest.Fields{Email: "a@example.com"}, meta: `{"mail":"b@example.com"}`},
		"a byte order mark":             {file: "\xef\xbb\xbfemail\na@example.com\n", want: ingest.Fields{Email: "a@example.com"}},
		"semicolons":                    {file: "email;company\r\na@example.com;\"A, B; C\"\r\n", want: ingest.Fields{Email: "a@example.com", Company: "A, B; C"}},
		"a separator in quotes":         {file: "email;\"a,b,c,d\"\na@example.com;1\n", want: ingest.Fields{Email: "a@example.com"}, meta: `{"a,b,c,d":"1"}`},
		"tabs":                          {file: "email\tcompany\na@example.com\tACME\n", want: ingest.Fields{Email: "a@example.com", Company: "ACME"}},
		"a line that names it":          {file: "sep=|\r\nemail|company\na@example.com|A;B\n", want: ingest.Fields{Email: "a@example.com", Company: "A;B"}},
		"a separator given":             {file: "email:company\na@example.com:ACME\n", opts: desk.ImportOptions{Separator: ':'}, want: ingest.Fields{Email: "a@example.com", Company: "ACME"}},
		"line breaks and quotes":        {file: "email,company\na@example.com,\"one\n\"\"two\"\"\"\n", want: ingest.Fields{Email: "a@example.com", Company: "one\n\"two\""}},
		"no line break at the end":      {file: "email\na@example.com", want: ingest.Fields{Email: "a@example.com"}},
		"old Macintosh is one line":     {file: "email\na@example.com\r\n", want: ingest.Fields{Email: "a@example.com"}},
		"Latin-1":                       {file: "email,company\na@example.com,J\xfcrgen \x80\n", want: ingest.Fields{Email: "a@example.com", Company: "Jürgen €"}},
		"UTF-16":                        {file: utf16, want: ingest.Fields{Email: "a@example.com", FirstName: "Jürgen", LastName: "Groß"}},
		"short and blank lines":         {file: "email,company\n\n ,\na@example.com\n", want: ingest.Fields{Email: "a@example.com"}},
		"our apostrophes":               {file: "email,phone,company\na@example.com,'+49 30 1,'tis\n", want: ingest.Fields{Email: "a@example.com", Phone: "+49 30 1", Company: "'tis"}},
		"a column of somebody's status": {file: "email,status\na@example.com,Open\n", want: ingest.Fields{Email: "a@example.com"}, meta: `{"status":"Open"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, all := imported(t, newDesk(t), c.file, &c.opts)
			require.Empty(t, report.Refused)
			require.Equal(t, 1, report.Created)
			require.Equal(t, c.want, all[0].Fields)
			if c.meta == "" {
				c.meta = "{}"
			}
			meta := all[0].Metadata
			if meta == nil {
				meta = ingest.Metadata{}
			}
			require.JSONEq(t, c.meta, text(t, meta))
		})
	}
}

func TestImportRefusesLinesWithTheirNumbers(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	file := "sep=,\nemail,company,tags\n" + // 1 and 2
		"a@example.com,\"one\ntwo\nthree\",\n" + // 3 to 5
		"b@example.com,\"bad\" quote,\n" + // 6
		"c@example.com,ok,\n" + // 7
		strings.Repeat("x", 255) + "@example.com,long,\n" + // 8
		"d@example.com,ok,,too,many\n" + // 9
		"e@example.com,ok," + strings.Repeat("t", 61) + "\n" + // 10
		"f@example.com,bare \" quote,\n" + // 11
		"g@example.com,\"last\n\nline\",\n" + // 12 to 14
		"h@example.com,ok,,,,\n" // 15: empty cells behind the last column
	report, all := imported(t, w, file, nil)
	var lines []int
	for _, r := range report.Refused {
		lines = append(lines, r.Line)
		require.NotEmpty(t, r.Message)
		require.NotContains(t, r.Message, "ingest")
	}
	require.Equal(t, []int{6, 8, 9, 10, 11}, lines)
	require.Equal(t, 9, report.Rows)
	require.Equal(t, 4, report.Created)
	require.Equal(t, 15, report.LastLine)
	require.Len(t, all, 4)
	companies := make(map[string]string)
	for _, lead := range all {
		companies[lead.Email] = lead.Company
	}
	require.Equal(t, map[string]string{"a@example.com": "one\ntwo\nthree", "c@example.com": "ok", "g@example.com": "last\n\nline", "h@example.com": "ok"}, companies)

	dry, err := newDesk(t).Import(t.Context(), ada, strings.NewReader(file), &desk.ImportOptions{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, report.Refused, dry.Refused, "a dry run refuses the same")
}

func TestImportWithoutAStop(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(strings.NewReader("email,company\na@example.com,ok\nb@example.com,\"never closed\n"), strings.NewReader(strings.Repeat("c@example.com,x\n", 1<<16)))
	w := newDesk(t)
	report, err := w.Import(t.Context(), ada, endless, nil)
	require.ErrorIs(t, err, leads.ErrInvalid)
	require.ErrorContains(t, err, "a quotation mark is missing")
	require.Equal(t, 2, report.LastLine, "what is above has been taken in")
	require.Equal(t, 1, report.Created)
}

func TestImportThatCannotBegin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		opts desk.ImportOptions
	}{
		"empty":             {"", desk.ImportOptions{}},
		"many columns":      {strings.Repeat("a,", 300) + "\n", desk.ImportOptions{}},
		"no such column":    {"email\n", desk.ImportOptions{Mapping: map[string]string{"mail": "email"}}},
		"no such source":    {"email\n", desk.ImportOptions{SourceID: leads.NewID()}},
		"a long target":     {"email\n", desk.ImportOptions{Mapping: map[string]string{"email": strings.Repeat("n", 129)}}},
		"no separator":      {"email\n", desk.ImportOptions{Separator: '"'}},
		"a header in tears": {"email,\"a\" b\nx\n", desk.ImportOptions{}},
		"a long id":         {"email\n", desk.ImportOptions{ID: strings.Repeat("n", 101)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newDesk(t).Import(t.Context(), ada, strings.NewReader(c.file), &c.opts)
			require.ErrorIs(t, err, leads.ErrInvalid)
		})
	}
}

func TestImportGivesTagsStatusAndAssignee(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	known := w.capture(t, "known@example.com")
	_, err := w.Update(t.Context(), ben, known, desk.Patch{Status: ptr(leads.StatusClosed), Assignee: ptr("ben"), AddTags: []string{"old"}})
	require.NoError(t, err)
	file := "email,Tags,state,owner\nnew@example.com,\"fair; vip,2026\",Qualified,ada\nknown@example.com,vip,new,ada\nbad@example.com,,won,\n"
	opts := &desk.ImportOptions{Mapping: map[string]string{"state": "status", "owner": "assignedTo"}}
	for range 2 { // the second time everything is known
		report, all := imported(t, w, file, opts)
		require.Len(t, all, 2)
		require.Equal(t, "known@example.com", all[0].Email)
		require.Equal(t, []desk.Refusal{{Line: 4, Message: "status: one of [new contacted qualified converted closed]"}}, report.Refused)
		require.Equal(t, []string{"old", "vip"}, all[0].Tags)
		require.Equal(t, leads.StatusClosed, all[0].Status, "what a person has decided stays")
		require.Equal(t, "ben", all[0].Assignee)
		require.Equal(t, []string{"fair", "vip", "2026"}, all[1].Tags)
		require.Equal(t, leads.StatusQualified, all[1].Status)
		require.Equal(t, "ada", all[1].Assignee)
	}
	tags, err := w.Tags(t.Context(), rita)
	require.NoError(t, err)
	require.Subset(t, tags, []string{"2026", "fair", "vip"})
}

func TestImportIsQuietUnlessAnnounced(t *testing.T) {
	t.Parallel()
	for name, announce := range map[string]bool{"quiet": false, "announced": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDesk(t)
			_, all := imported(t, w, "email\na@example.com\n", &desk.ImportOptions{Announce: announce})
			x, err := w.Explain(t.Context(), rita, all[0].ID)
			require.NoError(t, err)
			require.Equal(t, !announce, x.Submissions[0].HasFlag(ingest.FlagImported))
		})
	}
}

// away is a store that goes away after some captures.
type away struct {
	*memstore.Store
	left int
}

var errAway = errors.New("the store is away")

func (a *away) Capture(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
	if a.left -= len(subs); a.left < 0 {
		return nil, errAway
	}
	return a.Store.Capture(ctx, subs)
}

func TestImportGoesOnAfterTheStoreWasAway(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	flaky := &away{Store: w.store, left: 700}
	engine, err := leads.New(leads.Config{Store: flaky})
	require.NoError(t, err)
	d, err := desk.New(desk.Config{Engine: engine, Store: w.store})
	require.NoError(t, err)
	var file strings.Builder
	file.WriteString("email,company\n")
	for i := range 2000 {
		switch i % 100 {
		case 50:
			fmt.Fprintf(&file, "p%d@example.com,bare \" quote\n", i)
		default:
			fmt.Fprintf(&file, "p%d@example.com,\"two\nlines\"\n", i)
		}
	}
	report, err := d.Import(t.Context(), ada, strings.NewReader(file.String()), nil)
	require.ErrorIs(t, err, errAway)
	require.Less(t, report.LastLine, 1+2*1024, "nothing behind the first row that failed is settled")
	total := report
	flaky.left = 1 << 30
	for _, from := range []int{report.LastLine + 1, 0} { // first where it ended, then once more from the beginning
		again, err := d.Import(t.Context(), ada, strings.NewReader(file.String()), &desk.ImportOptions{FromLine: from})
		require.NoError(t, err)
		require.Equal(t, report.ID, again.ID)
		if from > 0 {
			require.Equal(t, 1980, total.Created+again.Created+again.Skipped)
			require.Equal(t, 2000, total.Rows+again.Rows)
			require.Len(t, again.Refused, 20-len(total.Refused))
			continue
		}
		require.Equal(t, 1980, again.Skipped)
		require.Zero(t, again.Created+again.Merged)
	}
	n, err := d.Count(t.Context(), rita, desk.Filter{}, 10_000)
	require.NoError(t, err)
	require.Equal(t, 1980, n, "nobody is missing and nobody is there twice")
}

// rows writes lines of a CSV file without end, and looks at the memory meanwhile.
type rows struct {
	n, of int
	most  uint64
	rest  []byte
}

func (r *rows) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.n > r.of {
			return 0, io.EOF
		}
		if r.rest = fmt.Appendf(nil, "p%d@example.com,First,Last,+49 30 %07d,\"ACME, Inc\"\n", r.n, r.n); r.n == 0 {
			r.rest = []byte("email,first name,last name,phone,company\n")
		}
		if r.n++; r.n%10_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			r.most = max(r.most, m.HeapAlloc)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestImportOfManyStaysSmall(t *testing.T) { // alone: it looks at the memory of the process
	w := newDesk(t)
	source := &rows{of: 100_000}
	began := time.Now()
	report, err := w.Import(t.Context(), ada, source, &desk.ImportOptions{DryRun: true})
	require.NoError(t, err)
	t.Logf("%d rows in %v, at most %d MiB", report.Rows, time.Since(began).Round(time.Millisecond), source.most>>20)
	require.Equal(t, 100_000, report.Rows)
	require.Less(t, source.most, uint64(64<<20))
}
