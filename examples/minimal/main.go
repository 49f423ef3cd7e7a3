// Command minimal is the smallest program that captures, enriches and scores leads: the one in the README.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/emldir"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/score"
)

func main() {
	ctx := context.Background()
	store, err := bunstore.OpenSQLite("leads.db")
	if err != nil {
		log.Fatal(err)
	}
	form := ingest.Source{Tenant: leads.DefaultTenant, ID: ingest.SourceID(leads.DefaultTenant, "website"), Name: "Website"}
	if err := store.PutSource(ctx, form, "website-form-1"); err != nil {
		log.Fatal(err)
	}
	engine, err := leads.New(leads.Config{
		Store:    store,
		Enricher: enrich.Chain{enrich.Email{}, enrich.Company{}},
		Scorer:   score.DefaultRubric(),
		Notifier: notify.Email(emldir.New("outbox"), "sales@example.com"), // mails as files; swap the Mailer to send them
	})
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(engine.Run(ctx)) }() // all work after the 200
	http.Handle("/api/webhooks/", engine.Handler())
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}
