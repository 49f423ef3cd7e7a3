package leads_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// An engine needs a Store and nothing else. Its handler answers 200 when a submission is durable.
func ExampleNew() {
	store := memstore.New(nil)
	form := ingest.Source{Tenant: leads.DefaultTenant, ID: ingest.SourceID(leads.DefaultTenant, "website"), Name: "Website"}
	if err := store.PutSource(context.Background(), form, "website-form-1"); err != nil {
		panic(err)
	}
	engine, err := leads.New(leads.Config{Store: store})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/webhooks/", engine.Handler())

	r := httptest.NewRequest(http.MethodPost, "/api/webhooks/website-form-1", strings.NewReader(`{"email":"ann@acme.com"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"success":true}
}

// New says everything that is wrong at once.
func ExampleNew_errors() {
	_, err := leads.New(leads.Config{BaseURL: "crm.example.com"})
	fmt.Println(err)
	// Output:
	// leads: Config.Store is required
	// leads: Config.BaseURL must be an absolute http or https URL such as "https://crm.example.com", not "crm.example.com"
}

// Two submissions of one person make one lead.
func ExampleEngine_Capture() {
	ctx := context.Background()
	engine, err := leads.New(leads.Config{Store: memstore.New(nil)})
	if err != nil {
		panic(err)
	}
	first, err := engine.Capture(ctx, ingest.Submission{Fields: ingest.Fields{Email: "ann@acme.com"}})
	if err != nil {
		panic(err)
	}
	second, err := engine.Capture(ctx, ingest.Submission{Fields: ingest.Fields{Email: "Ann@ACME.com", FirstName: "Ann"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(first.Created, second.Created, first.LeadID == second.LeadID)
	// Output: true false true
}

// Every part can be a function of the host's own.
func ExampleConfig() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	told := make(chan string, 1)
	engine, err := leads.New(leads.Config{
		Store: memstore.New(nil),
		Enricher: leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
			return []leads.Fact{{Key: "crm.customer", Truth: leads.No, Source: "crm"}}, nil
		}),
		Scorer: leads.ScorerFunc(func(_ context.Context, lead leads.Lead) (leads.Score, error) {
			if strings.Contains(lead.Metadata.Text("message"), "demo") {
				return leads.Score{Value: 85, Qualification: leads.Hot, Summary: "Asks for a demo."}, nil
			}
			return leads.Score{Value: 20, Qualification: leads.Cold}, nil
		}),
		Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
			told <- fmt.Sprintf("%s lead: %s (%d). %s Customer: %s.", n.Lead.Score.Qualification, n.Lead.Email, n.Lead.Score.Value,
				n.Lead.Score.Summary, n.Lead.Enrichment["crm.customer"].Truth)
			return nil
		}),
	})
	if err != nil {
		panic(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()

	sub := ingest.Submission{Fields: ingest.Fields{Email: "ann@acme.com"}, Metadata: ingest.Metadata{}}
	sub.Metadata.SetText("message", "Could we see a demo?")
	if _, err := engine.Capture(ctx, sub); err != nil {
		panic(err)
	}
	fmt.Println(<-told)
	cancel()
	fmt.Println(<-ended)
	// Output:
	// hot lead: ann@acme.com (85). Asks for a demo. Customer: no.
	// <nil>
}
