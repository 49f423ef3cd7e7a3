package notify

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// Summary is a notification in a few lines, for a chat. All of it is plain text without control and invisible characters, cut to a length that fits
// everywhere; what a lead typed is in Who, Note, Message, Next, Reason and the values of Facts, and whoever shows those escapes them.
type Summary struct {
	Headline string // "Hot lead"
	Who      string // "Ann Lee, Acme", or the first line of a note about no lead
	Score    string // "87 of 100, hot", or ""
	Line     string // what happened, in a sentence, or ""
	Note     string // what the notification says, in some lines, or ""
	Quoted   bool   // the lead wrote the note
	Message  string // what the lead wrote into the form, in some lines, or ""
	Reason   string // the score in a sentence, or ""
	Next     string // what to do, or ""
	Facts    []SummaryFact
	URL      string // shows the lead, or ""
}

// SummaryFact is a labelled value. The label is ours.
type SummaryFact struct{ Label, Value string }

// What a chat shows, in characters.
const (
	maxSummaryText  = 900
	maxSummaryValue = 200
)

// Summarize sums a notification up. It is false for a digest and a backlog, which are no news.
func Summarize(n leads.Notification) (Summary, bool) {
	if silent(n.Kind) {
		return Summary{}, false
	}
	v := newView(n, reader{}, time.UTC)
	s := Summary{
		Headline: v.Headline, Who: cut(join(", ", v.Name, v.Company), maxSubject), Line: v.Line,
		Note: cut(v.Note, maxSummaryText), Quoted: v.Quoted, Message: cut(v.Message, maxSummaryText), URL: v.URL,
	}
	if v.Score != nil {
		s.Score = fmt.Sprintf("%d of 100, %s", v.Score.Value, v.Score.Qualification)
		s.Reason, s.Next = v.Score.Summary, v.Score.NextStep
	}
	if n.Lead.ID == "" && n.Note != "" {
		return s, true
	}
	for _, f := range []SummaryFact{
		{"Email", n.Lead.Email}, {"Phone", n.Lead.Phone}, {"Responsible", n.Lead.Assignee},
		{"Campaign", campaign(n.Lead.Last.Attribution.UTM)}, {"Page", n.Lead.Last.Attribution.Page},
	} {
		if f.Value = inline(f.Value, maxSummaryValue); f.Value != "" {
			s.Facts = append(s.Facts, f)
		}
	}
	return s, true
}

// Visible returns the metadata that may leave the program: tokens of captchas, honeypots, passwords, numbers of cards and whatever begins with "_" are left
// out.
func Visible(metadata ingest.Metadata) ingest.Metadata {
	rest := maps.Clone(metadata)
	maps.DeleteFunc(rest, func(key string, _ json.RawMessage) bool { return internal(key) })
	return rest
}
