package enrich_test

import (
	"testing"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/enrich"
)

// TestOfflineConformance holds the parts that ask nobody to the contract of leads.Enricher.
func TestOfflineConformance(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]leads.Enricher{
		"geo":         enrich.Geo{},
		"geo, known":  enrich.Geo{Locators: []enrich.Locator{knows(full), knows(networks)}},
		"phone":       enrich.Phone{Region: "DE"},
		"attribution": enrich.Attribution{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.TestEnricher(t, part)
		})
	}
}
