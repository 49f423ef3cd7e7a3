package notify_test

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// outbox is a Mailer that keeps what it is given and fails as it is told to.
type outbox struct {
	mu    sync.Mutex
	mails []leads.Email
	fail  func(leads.Email) error
}

func (o *outbox) Send(_ context.Context, mail leads.Email) (leads.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		if err := o.fail(mail); err != nil {
			return leads.Receipt{}, err
		}
	}
	o.mails = append(o.mails, mail)
	return leads.Receipt{ID: mail.MessageID}, nil
}

var noon = time.Date(2026, 11, 23, 12, 5, 0, 0, time.UTC)

// annLee is a lead with everything that a mail can show.
func annLee() leads.Lead {
	metadata := ingest.Metadata{"seats": json.RawMessage("40"), "interests": json.RawMessage(`["CRM","Reporting"]`), "_hp": json.RawMessage(`""`)}
	metadata.SetText("message", "We need a demo and a price for 40 seats by March.\n\nCan you do Tuesday? Our current tool is at https://old.example.net/app and everybody hates it.")
	metadata.SetText("website", "https://acme.com")
	metadata.SetText("job_title", "Head of Operations")
	metadata.SetText("g-recaptcha-response", "03AFcWeA6captchatoken")
	utm := ingest.UTM{Source: "google", Medium: "cpc", Campaign: "brand-2026", Term: "crm for manufacturers"}
	return leads.Lead{
		Tenant: "default", ID: "0193a000-0000-7000-8000-000000000001", Version: 3,
		Fields:   ingest.Fields{Email: "ann@acme.com", FirstName: "Ann", LastName: "Lee", Phone: "+49 (30) 1234-567", Company: "Acme"},
		Metadata: metadata,
		First:    leads.Touch{At: noon.Add(-73 * time.Hour), SubmissionID: "first", Attribution: ingest.Attribution{UTM: ingest.UTM{Source: "newsletter", Medium: "email"}}},
		Last: leads.Touch{At: noon, SubmissionID: "last", Attribution: ingest.Attribution{
			UTM: utm, Referrer: "https://www.google.com/", Page: "https://acme-crm.example/pricing?plan=team", ClickIDs: map[string]string{"gclid": "Cj0KCQiA1NebBhDDARIsAANiDD3"},
		}},
		Submissions: 2, Status: leads.StatusNew,
		Enrichment: leads.Enrichment{
			"email.deliverable": {Key: "email.deliverable", Truth: leads.Yes, Reason: "acme.com takes mail (mx1.acme.com)", Source: "dns"},
			"email.class":       {Key: "email.class", Truth: leads.Yes, Value: "business", Reason: "not a known mailbox provider", Source: "list"},
			"company.domain":    {Key: "company.domain", Truth: leads.Yes, Value: "acme.com", Source: "email"},
			"geo.country":       {Key: "geo.country", Truth: leads.Unknown, Reason: "no data"},
		},
		Score: &leads.Score{
			Value: 87, Qualification: leads.Hot, By: "score.Rubric", Summary: "Asks for a demo and a price for 40 seats, with a date.", NextStep: "Call today and offer Tuesday.",
			Evidence: []leads.Evidence{
				{Criterion: "intent", Level: "asks to buy", Points: 35, Max: 40, Reason: "asks for a demo and a price", Quote: "We need a demo and a price for 40 seats by March."},
				{Criterion: "company size", Level: "mid-size", Points: 20, Max: 25, Reason: "40 seats"},
				{Criterion: "email", Level: "business address", Points: 15, Max: 15, Reason: "acme.com is not a mailbox provider"},
				{Criterion: "urgency", Level: "this quarter", Points: 17, Max: 20, Quote: "by March"},
				{Criterion: "role", Level: "unknown", Max: 8, Reason: "the role is not known"},
				{Criterion: "spam signs", Level: "a link in the message", Points: -3, Reason: "one link"},
			},
		},
	}
}

func notification() leads.Notification {
	return leads.Notification{Tenant: "default", Kind: leads.NotifyReturned, Lead: annLee(), SubmissionID: "last", URL: "https://crm.example.com/leads/0193a000", At: noon}
}
