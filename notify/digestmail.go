package notify

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

//go:embed digest.html.tmpl
var digestPage string

var digestLayout = template.Must(template.New("digest").Funcs(template.FuncMap{"pieces": pieces}).Parse(digestPage))

// What a digest may weigh, in bytes. Gmail cuts off what is behind 102 kB.
const (
	maxDigestHTML = 98_000
	maxDigestText = 60_000
)

// digestView is what the mail shows.
type digestView struct {
	Headline string // "12 leads, 3 of them hot"
	When     string
	Preview  string
	URL      string // the list of leads
	Groups   []digestGroup
	More     int // those that are not listed
}

// digestGroup is the leads of one qualification.
type digestGroup struct {
	Title, Colour string
	Rows          []digestRow
}

// digestRow is a lead with all that happened to it, or a note about none.
type digestRow struct {
	Name, Company, Score, Colour string
	What, When, Note, URL        string

	rank, score int
	at          time.Time
}

// groups are the qualifications from the hottest to the coldest; what else there is comes behind.
var groups = []leads.Qualification{leads.Hot, leads.Warm, leads.Cold}

var groupTitles = []string{"Hot", "Warm", "Cold", "Not scored", "Notes"}

// happened says what a kind is, in a word.
var happened = map[leads.NotificationKind]string{
	leads.NotifyNew: "new", leads.NotifyReturned: "came again", leads.NotifyHot: "now hot", leads.NotifyAssigned: "assigned",
	leads.NotifyReplied: "answered", leads.NotifyWaiting: "waiting", leads.NotifyDead: "stage failed", leads.NotifyCustom: "note",
}

// renderDigest makes both bodies and the subject. Leads that are not found are gone, and left out.
func renderDigest(b batch, found map[string]leads.Lead, url string, zone *time.Location) (leads.Email, error) {
	rows := digestRows(b.Items, found, url, zone)
	if len(rows) == 0 && b.More == 0 {
		return leads.Email{}, errNothing
	}
	v := digestView{Headline: digestHeadline(rows, b.More), URL: url}
	if len(rows) > 0 {
		v.Preview = join(", ", rows[0].Name, rows[0].Company, rows[0].What)
	}
	html, err := fit(v, rows, b.More)
	if err != nil {
		return leads.Email{}, err
	}
	return leads.Email{Subject: "Digest: " + v.Headline, Text: digestText(v, rows, b.More), HTML: html, Tags: []string{"lead-digest"}}, nil
}

// digestRows makes one row a lead, the hottest first, and behind them the notes about none.
func digestRows(items []item, found map[string]leads.Lead, url string, zone *time.Location) []digestRow {
	var rows []digestRow
	index := make(map[string]int)
	for _, i := range items {
		lead, known := found[i.Lead]
		at, listed := index[i.Lead]
		switch {
		case i.Lead == "":
			rows = append(rows, digestRow{Name: cmp.Or(i.Note, "a notification"), When: short(i.At, zone), rank: len(groupTitles) - 1, at: i.At})
		case !known:
		case listed:
			rows[at].happen(i, zone)
		default:
			index[i.Lead] = len(rows)
			rows = append(rows, newDigestRow(lead, i, url, zone))
		}
	}
	slices.SortStableFunc(rows, func(a, b digestRow) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.score, a.score), b.at.Compare(a.at))
	})
	return rows
}

func newDigestRow(lead leads.Lead, i item, url string, zone *time.Location) digestRow {
	r := digestRow{Name: inline(fullName(lead), 80), Company: inline(lead.Company, 60), rank: len(groups), Colour: "#475467"}
	if r.Name == "" {
		r.Name, r.Company = inline(who(lead), 120), ""
	}
	if s := lead.Score; s != nil {
		r.score, r.Score, r.Note = s.Value, fmt.Sprint(s.Value), inline(s.Summary, maxItemNote)
		if rank := slices.Index(groups, s.Qualification); rank >= 0 {
			r.rank, r.Colour = rank, colours[s.Qualification]
		}
	}
	if url != "" {
		r.URL = strings.TrimRight(url, "/") + "/" + lead.ID
	}
	r.happen(i, zone)
	return r
}

// happen adds an item to the row of its lead. Its note says more than the score's summary.
func (r *digestRow) happen(i item, zone *time.Location) {
	word := cmp.Or(happened[i.Kind], inline(string(i.Kind), 20))
	if !slices.Contains(strings.Split(r.What, ", "), word) {
		r.What = join(", ", r.What, word)
	}
	if i.Note != "" {
		r.Note = i.Note
		if i.Kind == leads.NotifyReplied {
			r.Note = quoted(i.Note)
		}
	}
	if i.At.After(r.at) {
		r.at, r.When = i.At, short(i.At, zone)
	}
}

func digestHeadline(rows []digestRow, more int) string {
	hot, notes := 0, 0
	for _, r := range rows {
		switch r.rank {
		case 0:
			hot++
		case len(groupTitles) - 1:
			notes++
		}
	}
	total := count(len(rows)-notes, "lead")
	if len(rows) == notes {
		total = count(notes, "note")
	}
	if hot > 0 {
		total += fmt.Sprintf(", %d hot", hot)
	}
	if more > 0 {
		total += fmt.Sprintf(" and %d more", more)
	}
	return total
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// fit lists as many rows as the mail has room for.
func fit(v digestView, rows []digestRow, more int) (string, error) {
	write := func(n int) (string, error) {
		v.Groups, v.More = grouped(rows[:n]), more+len(rows)-n
		var b strings.Builder
		err := digestLayout.Execute(&b, v)
		return b.String(), err
	}
	html, err := write(len(rows))
	if err != nil || len(html) <= maxDigestHTML {
		return html, err
	}
	low, high := 0, len(rows) // low fits, high does not
	for high-low > 1 {
		middle := (low + high) / 2
		tried, err := write(middle)
		if err != nil {
			return "", err
		}
		if len(tried) <= maxDigestHTML {
			low = middle
		} else {
			high = middle
		}
	}
	return write(low)
}

// grouped splits sorted rows.
func grouped(rows []digestRow) []digestGroup {
	var found []digestGroup
	for i, r := range rows {
		if i == 0 || rows[i-1].rank != r.rank {
			found = append(found, digestGroup{Title: groupTitles[r.rank], Colour: r.Colour})
		}
		last := &found[len(found)-1]
		last.Rows = append(last.Rows, r)
	}
	return found
}

// digestText writes the plain-text part.
func digestText(v digestView, rows []digestRow, more int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", v.Headline)
	for _, g := range grouped(rows) {
		fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(g.Title))
		for _, r := range g.Rows {
			var line strings.Builder
			fmt.Fprintf(&line, "%s\n", join("  ", join(", ", r.Name, r.Company), r.Score))
			for _, s := range []string{r.Note, join(" · ", r.What, r.When), r.URL} {
				if s != "" {
					fmt.Fprintf(&line, "    %s\n", s)
				}
			}
			if b.Len()+line.Len() > maxDigestText {
				more++
				continue
			}
			b.WriteString(line.String())
		}
	}
	if more > 0 {
		fmt.Fprintf(&b, "\nand %d more\n", more)
	}
	if v.URL != "" {
		fmt.Fprintf(&b, "\nAll leads: %s\n", v.URL)
	}
	return b.String()
}

// short writes a time for a list.
func short(t time.Time, zone *time.Location) string { return t.In(zone).Format("Mon 2 Jan, 15:04") }
