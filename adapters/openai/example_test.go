package openai_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // your model
		says(w, `{"criteria": {"demo": {"level": "asked", "quote": "see it live"}}, "summary": "Ann wants to see the product.", "nextStep": "Offer two dates."}`)
	}))
	defer server.Close()

	model := openai.New(server.URL+"/v1", "sk-key", "gpt-4o-mini", &openai.Options{DailyTokens: 2_000_000})
	scorer := score.Fallback{model, score.DefaultRubric()}

	lead := leads.Lead{Fields: ingest.Fields{Email: "ann@acme.com"}, Metadata: make(ingest.Metadata)}
	lead.Metadata.SetText("message", "We must see it live.")
	s, err := scorer.Score(context.Background(), lead)
	fmt.Println(s.Summary, err)
	for _, e := range s.Evidence {
		if e.By == "model" {
			fmt.Printf("%+d %s: %s %q\n", e.Points, e.Criterion, e.Level, e.Quote)
		}
	}
	// Output:
	// Ann wants to see the product. <nil>
	// +16 demo: asked "see it live"
}
