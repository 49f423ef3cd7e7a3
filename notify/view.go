package notify

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

// view is what the mail shows: text that has been cleaned and cut, for the HTML and the plain text alike.
type view struct {
	Headline string // "Hot lead"
	Name     string // the person, or what else names the lead
	Company  string
	When     string // "Mon 23 Nov 2026, 12:05 UTC"
	Preview  string // the first words, for the list of mails
	Colour   string // of the badge
	URL      string
	Line     string // what happened, in a sentence

	Note     string // what the notification itself says
	Quoted   bool   // the lead wrote the note
	Message  string
	About    string // what the message is, where there is a note before it
	Score    *scoreView
	Sections []section
	Footer   string
}

// section is a titled table.
type section struct {
	Title string
	Rows  []row
	Note  string // below the rows, or ""
}

// row is one labelled value. Href is a link made from a validated value, or "".
type row struct {
	Label, Value string
	Note         string
	Href         template.URL
}

type scoreView struct {
	Value             int
	Qualification     string
	Summary, NextStep string
	Evidence          []evidenceView
	Rest              string // the criteria that gave nothing, in one line
	Note              string
}

type evidenceView struct {
	Criterion, Level, Points, Reason, Quote string
	Against                                 bool // it took points away
}

// The most characters that a value of each kind takes. They keep a mail of ordinary text below the 102 kB at which Gmail cuts one off.
const (
	maxLabel   = 60
	maxValue   = 600
	maxMessage = 3000
	maxNote    = 3000
	maxReason  = 280 // as long as a Score.Summary may be

	maxEvidence = 20 // rows
)

// colours are those of the badge; white text on them has a contrast of at least 4.5.
var colours = map[leads.Qualification]string{leads.Hot: "#b42318", leads.Warm: "#a15c07", leads.Cold: "#475467"}

func newView(n leads.Notification, reader reader, zone *time.Location) view {
	lead := n.Lead
	message, rest := splitMessage(lead.Metadata)
	v := view{
		Headline: headline(n, reader), Name: inline(fullName(lead), 80), Company: inline(lead.Company, 80),
		When: moment(lead.Last.At, zone), URL: n.URL, Colour: "#3538cd",
		Note: block(n.Note, maxNote), Quoted: n.Kind == leads.NotifyReplied,
		Message: block(message, maxMessage), Score: newScore(lead.Score),
	}
	v.Line = line(n, reader, v.When)
	if v.Name == "" {
		v.Name, v.Company = inline(who(lead), 200), ""
	}
	if lead.ID == "" && n.Note != "" {
		v.aboutNoLead(moment(n.At, zone))
		return v
	}
	if v.Note != "" && v.Message != "" {
		v.About = "From the form"
	}
	if lead.Score != nil && colours[lead.Score.Qualification] != "" {
		v.Colour = colours[lead.Score.Qualification]
	}
	v.Preview = preview(v)
	v.add(section{Title: "Contact", Rows: contact(lead, reader)})
	v.add(details(rest))
	v.add(section{Title: "Where from", Rows: origin(lead, zone)})
	v.add(facts(lead.Enrichment))
	v.Footer = footer(n)
	return v
}

// aboutNoLead shows a note by itself.
func (v *view) aboutNoLead(when string) {
	first, rest, _ := strings.Cut(v.Note, "\n")
	v.Name, v.Note = cut(first, 200), strings.TrimSpace(rest)
	v.When, v.URL, v.Line, v.Score = when, "", "", nil
}

// add leaves empty sections out.
func (v *view) add(s section) {
	if len(s.Rows) > 0 {
		v.Sections = append(v.Sections, s)
	}
}

// preview is what a list of mails shows beside the subject.
func preview(v view) string {
	if v.Note != "" {
		return inline(v.Note, 140)
	}
	if v.Message != "" {
		return inline(v.Message, 140)
	}
	if v.Score != nil {
		return inline(v.Score.Summary, 140)
	}
	return ""
}

func contact(lead leads.Lead, reader reader) []row {
	var rows []row
	for _, r := range []row{
		{Label: "Name", Value: inline(fullName(lead), 200)},
		{Label: "Email", Value: inline(lead.Email, 254), Href: mailto(lead.Email)},
		{Label: "Phone", Value: inline(lead.Phone, 100), Href: tel(lead.Phone)},
		{Label: "Company", Value: inline(lead.Company, 200)},
		{Label: "Assigned to", Value: reader.name(lead.Assignee)},
		{Label: "Tags", Value: inline(strings.Join(lead.Tags, ", "), 200)},
	} {
		if r.Value != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// mailto links an address that has been parsed; anything else stays text.
func mailto(s string) template.URL {
	a, err := emailaddr.Parse(s)
	if err != nil {
		return ""
	}
	return template.URL("mailto:" + url.QueryEscape(a.Local) + "@" + a.Domain)
}

// tel links what can be dialled: 5 to 15 digits with the usual punctuation, of which the link keeps the digits and a leading plus.
func tel(s string) template.URL {
	s = strings.TrimSpace(s)
	digits := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
	if len(digits) < 5 || len(digits) > 15 || strings.Trim(s, "+0123456789 ()./-") != "" {
		return ""
	}
	if strings.HasPrefix(s, "+") {
		digits = "+" + digits
	}
	return template.URL("tel:" + digits)
}

func newScore(s *leads.Score) *scoreView {
	if s == nil {
		return nil
	}
	v := &scoreView{
		Value: s.Value, Qualification: inline(string(s.Qualification), 20),
		Summary: inline(s.Summary, maxReason), NextStep: inline(s.NextStep, maxReason),
	}
	var rest []string
	for _, e := range s.Evidence {
		switch {
		case e.Points == 0 && e.Quote == "":
			rest = append(rest, withDetail(inline(e.Criterion, maxLabel), inline(e.Level, maxLabel)))
		case len(v.Evidence) < maxEvidence:
			v.Evidence = append(v.Evidence, newEvidence(e))
		}
	}
	if len(rest) > 0 {
		v.Rest = cut("No points: "+strings.Join(rest[:min(len(rest), maxEvidence)], ", "), maxValue)
	}
	v.Note = "Scored by " + inline(s.By, 80)
	if s.Provisional {
		v.Note += "; provisional, a better score is being tried for"
	}
	return v
}

func newEvidence(e leads.Evidence) evidenceView {
	v := evidenceView{
		Criterion: label(e.Criterion), Level: inline(e.Level, maxLabel),
		Points: points(e.Points), Reason: inline(e.Reason, maxReason), Quote: inline(e.Quote, maxReason),
		Against: e.Points < 0,
	}
	if e.Max > 0 {
		v.Points += fmt.Sprintf(" / %d", e.Max)
	}
	return v
}

// withDetail writes "role (unknown)".
func withDetail(s, detail string) string {
	if detail == "" {
		return s
	}
	return s + " (" + detail + ")"
}

// points writes a signed number with a real minus, as it is read aloud.
func points(n int) string {
	switch {
	case n > 0:
		return fmt.Sprintf("+%d", n)
	case n < 0:
		return fmt.Sprintf("−%d", -n)
	}
	return "0"
}

// moment writes a time, or nothing for none.
func moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("Mon 2 Jan 2006, 15:04 MST")
}

func footer(n leads.Notification) string {
	text := "First submission"
	if n.Lead.Submissions > 1 {
		text = fmt.Sprintf("Submission no. %d of this lead", n.Lead.Submissions)
	}
	if id := inline(n.SubmissionID, 60); id != "" {
		text += ", reference " + id
	}
	if len(replyTo(n.Lead)) > 0 {
		text += ". A reply to this mail goes to the lead"
	}
	return text + "."
}
