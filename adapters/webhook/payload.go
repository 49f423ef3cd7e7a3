package webhook

import (
	"encoding/json"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
)

// Payload is the body of a call. Its times are RFC 3339 in UTC with milliseconds. Fields may be added; receivers pass over what they do not know.
type Payload struct {
	// Type is "lead." and the kind of the notification: lead.new, lead.returned, lead.hot, lead.assigned, lead.replied, lead.waiting, lead.dead, lead.custom; or
	// "notice" for what is about no lead; or what the caller of Post has chosen.
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened, the same over all attempts
	Data      Data      `json:"data"`
}

// envelope is a Payload with other data.
type envelope struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// Data is what a notification says.
type Data struct {
	Tenant       string `json:"tenant"`
	Lead         *Lead  `json:"lead,omitempty"` // not in a "notice"
	SubmissionID string `json:"submissionId,omitempty"`
	Note         string `json:"note,omitempty"`
	To           string `json:"to,omitempty"` // the person whom it is for
	URL          string `json:"url,omitempty"`
}

// Lead is a lead as receivers see it. Tokens of captchas, honeypots, passwords and fields that begin with "_" are not in its metadata.
type Lead struct {
	ID         string          `json:"id"`
	FirstName  string          `json:"firstName,omitempty"`
	LastName   string          `json:"lastName,omitempty"`
	Email      string          `json:"email,omitempty"`
	Phone      string          `json:"phone,omitempty"`
	Company    string          `json:"company,omitempty"`
	Status     leads.Status    `json:"status"`
	AssignedTo string          `json:"assignedTo,omitempty"`
	Tags       []string        `json:"tags,omitempty"`
	SourceID   string          `json:"sourceId,omitempty"` // of the newest submission
	Metadata   ingest.Metadata `json:"metadata,omitempty"`
	// Enrichment holds the facts that are established, by their keys; one without a value says "yes".
	Enrichment map[string]string  `json:"enrichment,omitempty"`
	Score      *Score             `json:"score,omitempty"`
	First      ingest.Attribution `json:"firstTouch,omitzero"`
	Last       ingest.Attribution `json:"lastTouch,omitzero"`
	CreatedAt  time.Time          `json:"createdAt"`
	UpdatedAt  time.Time          `json:"updatedAt"`
}

// Score is the judgement in short.
type Score struct {
	Value         int                 `json:"value"` // 0–100
	Qualification leads.Qualification `json:"qualification"`
	Summary       string              `json:"summary,omitempty"`
	NextStep      string              `json:"nextStep,omitempty"`
}

// newPayload is false for what is no news.
func newPayload(n leads.Notification) (Payload, bool) {
	if n.Kind == leads.NotifyDigest || n.Kind == leads.NotifyBacklog {
		return Payload{}, false
	}
	p := Payload{
		Type: "lead." + string(n.Kind), Timestamp: n.At.UTC().Truncate(time.Millisecond),
		Data: Data{Tenant: n.Tenant, SubmissionID: n.SubmissionID, Note: n.Note, To: n.To, URL: n.URL},
	}
	if n.Lead.ID == "" {
		p.Type, p.Data.URL = "notice", ""
		return p, true
	}
	p.Data.Lead = newLead(n.Lead)
	return p, true
}

func newLead(l leads.Lead) *Lead {
	found := &Lead{
		ID: l.ID, FirstName: l.FirstName, LastName: l.LastName, Email: l.Email, Phone: l.Phone, Company: l.Company,
		Status: l.Status, AssignedTo: l.Assignee, Tags: l.Tags, SourceID: l.Last.SourceID,
		Metadata: notify.Visible(l.Metadata), Enrichment: established(l.Enrichment),
		First: l.First.Attribution, Last: l.Last.Attribution,
		CreatedAt: l.CreatedAt.UTC().Truncate(time.Millisecond), UpdatedAt: l.UpdatedAt.UTC().Truncate(time.Millisecond),
	}
	if s := l.Score; s != nil {
		found.Score = &Score{Value: s.Value, Qualification: s.Qualification, Summary: s.Summary, NextStep: s.NextStep}
	}
	return found
}

func established(e leads.Enrichment) map[string]string {
	found := make(map[string]string, len(e))
	for key, f := range e {
		if f.Truth == leads.Yes {
			found[key] = f.Value
			if f.Value == "" {
				found[key] = "yes"
			}
		}
	}
	return found
}
