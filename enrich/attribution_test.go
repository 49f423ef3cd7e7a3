package enrich_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func TestAttribution(t *testing.T) {
	t.Parallel()
	lead := leads.Lead{
		First: leads.Touch{Attribution: utm("Google", "cpc", "Spring  Sale")},
		Last:  leads.Touch{Attribution: ingest.Attribution{Referrer: "https://blog.partner.example/", Page: "https://acme.example/"}},
	}
	facts, err := enrich.Attribution{Clock: atNoon}.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Equal(t, []string{
		"attribution.first.channel=paid_search@attribution", "attribution.first.source=google@attribution",
		"attribution.first.medium=cpc@attribution", "attribution.first.campaign=Spring Sale@attribution",
		"attribution.last.channel=referral@attribution", "attribution.last.source=blog.partner.example@attribution", "attribution.last.medium=referral@attribution",
	}, summary(facts))
	require.Equal(t, "the referrer", fact(facts, enrich.LastChannel).Reason)
	require.Equal(t, noon, facts[0].At)

	lead.Enrichment = lead.Enrichment.Merge(facts)
	facts, err = enrich.Attribution{Clock: atNoon}.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Empty(t, facts)
}

func TestAttributionHost(t *testing.T) {
	t.Parallel()
	lead := leads.Lead{Last: leads.Touch{Attribution: ingest.Attribution{Referrer: "https://www.acme.example/about"}}}
	for host, want := range map[string]string{"acme.example": "direct", "other.example": "referral"} {
		facts, err := enrich.Attribution{Host: host}.Enrich(t.Context(), lead)
		require.NoError(t, err)
		require.Equal(t, want, fact(facts, enrich.LastChannel).Value)
	}
}

func TestAttributionOfAnImport(t *testing.T) {
	t.Parallel()
	facts, err := enrich.Attribution{}.Enrich(t.Context(), leads.Lead{})
	require.NoError(t, err)
	require.Equal(t, []string{"attribution.first.channel? nothing is known of the visit", "attribution.last.channel? nothing is known of the visit"}, summary(facts))
}

func TestAttributionFollowsTheLead(t *testing.T) {
	t.Parallel()
	lead := leads.Lead{}
	update := func(last ingest.Attribution) {
		lead.Last.Attribution = last
		facts, err := enrich.Attribution{Clock: atNoon}.Enrich(t.Context(), lead)
		require.NoError(t, err)
		lead.Enrichment = lead.Enrichment.Merge(facts)
	}
	update(utm("newsletter", "email", "may"))
	require.Equal(t, "may", lead.Enrichment.Value(enrich.LastCampaign))
	update(utm("google", "cpc", ""))
	require.Equal(t, "paid_search", lead.Enrichment.Value(enrich.LastChannel))
	require.Empty(t, lead.Enrichment.Value(enrich.LastCampaign), "the newsletter's campaign is not Google's")
	update(ingest.Attribution{})
	require.Equal(t, "paid_search", lead.Enrichment.Value(enrich.LastChannel), "an import is no visit")
}

func TestAttributionBoundsWhatItKeeps(t *testing.T) {
	t.Parallel()
	lead := leads.Lead{First: leads.Touch{Attribution: utm(strings.Repeat("ü", 9000), "a\r\nb", "x")}}
	facts, err := enrich.Attribution{}.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.LessOrEqual(t, len(fact(facts, enrich.FirstSource).Value), 200)
	require.Equal(t, "a b", fact(facts, enrich.FirstMedium).Value)
}

func BenchmarkAttribution(b *testing.B) {
	lead := leads.Lead{
		First: leads.Touch{Attribution: utm("google", "cpc", "spring")},
		Last:  leads.Touch{Attribution: ingest.Attribution{Referrer: "https://www.google.co.uk/search", Page: "https://www.acme.example/contact?x=1"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (enrich.Attribution{}).Enrich(b.Context(), lead); err != nil {
			b.Fatal(err)
		}
	}
}
