package enrich_test

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

// From the header of a trusted CDN to the fact, through the door, the store and the engine.
func TestFromTheDoorToTheFacts(t *testing.T) {
	t.Parallel()
	store := memstore.New(nil)
	token := ingest.NewToken()
	source := ingest.Source{Tenant: "acme", ID: ingest.SourceID("acme", "website"), Name: "Website"}
	require.NoError(t, store.PutSource(t.Context(), source, token))
	scored := make(chan leads.Lead, 1)
	engine, err := leads.New(leads.Config{
		Store:    store,
		Enricher: enrich.Chain{enrich.Geo{}, enrich.Phone{}, enrich.Attribution{}},
		Scorer: leads.ScorerFunc(func(_ context.Context, lead leads.Lead) (leads.Score, error) {
			scored <- lead
			return leads.Score{Qualification: leads.Warm}, nil
		}),
		Ingest: &ingest.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	})
	require.NoError(t, err)

	r := httptest.NewRequestWithContext(t.Context(), "POST", "/"+token, strings.NewReader(`{"email":"ann@example.com","_utm":{"utm_source":"google","utm_medium":"cpc"}}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("CF-IPCountry", "DE")
	w := httptest.NewRecorder()
	engine.Handler().ServeHTTP(w, r)
	require.Equal(t, 200, w.Code, w.Body)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- engine.Run(ctx) }()
	lead := <-scored
	cancel()
	require.NoError(t, <-ended)
	require.Equal(t, ingest.Place{Country: "DE"}, lead.Last.Place)
	require.Equal(t, ingest.Place{Country: "DE"}, lead.First.Place)
	require.Equal(t, "DE", lead.Enrichment.Value(enrich.GeoCountry))
	require.Equal(t, "paid_search", lead.Enrichment.Value(enrich.LastChannel))
}
