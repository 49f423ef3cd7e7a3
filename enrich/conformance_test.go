package enrich_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/enrich"
)

// TestConformance holds every part to the contract of leads.Enricher. No part asks the real DNS.
func TestConformance(t *testing.T) {
	t.Parallel()
	options := &enrich.DNSOptions{Witness: "-"}
	willing := enrich.NewDNS(resolverFunc(func(context.Context, string) ([]*net.MX, error) {
		return []*net.MX{{Host: "mx.test."}}, nil
	}), options)
	silent := enrich.NewDNS(resolverFunc(func(ctx context.Context, _ string) ([]*net.MX, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}), options)
	site := serveSite(t, htmlPage("<title>Example</title>"))
	for name, part := range map[string]leads.Enricher{
		"email":             enrich.Email{DNS: willing},
		"email, silent DNS": enrich.Email{DNS: silent},
		"company":           enrich.Company{},
		"homepage":          enrich.NewHomepage(&enrich.HomepageOptions{Transport: site}),
		"budget":            enrich.WithBudget(enrich.Company{}, 20),
		"cache":             enrich.WithCache(enrich.Company{}, func(lead leads.Lead) string { return lead.Email + lead.Company }, time.Hour),
		"steps":             enrich.Steps{enrich.Company{}, enrich.NewHomepage(&enrich.HomepageOptions{Transport: site})},
		"chain":             enrich.Chain{enrich.Email{DNS: willing}, enrich.Company{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.TestEnricher(t, part)
		})
	}
}
