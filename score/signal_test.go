package score_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// reads returns which of the values the signal has, by a rubric with a level for each.
func reads(t *testing.T, signal score.Signal, lead leads.Lead, values ...string) string {
	t.Helper()
	c := score.Criterion{Name: "signal", Axis: score.Fit, Signal: signal}
	for _, v := range values {
		c.Levels = append(c.Levels, score.Level{Name: v, Points: 1, Reason: v, Match: score.Match{Values: []string{v}}})
	}
	c.Levels = append(c.Levels, score.Level{Name: "else", Reason: "else"})
	return first(t, &score.Rubric{Criteria: []score.Criterion{c}}, lead).Level
}

func TestSignals(t *testing.T) {
	t.Parallel()
	fields := func(f ingest.Fields) leads.Lead { return leads.Lead{Fields: f} }
	fact := func(key string, truth leads.Truth, value string) leads.Lead {
		return leads.Lead{Fields: ingest.Fields{Email: "ann@acme.com"}, Enrichment: leads.Enrichment{key: {Key: key, Truth: truth, Value: value}}}
	}
	came := func(first, last ingest.Attribution) leads.Lead {
		return leads.Lead{First: leads.Touch{Attribution: first}, Last: leads.Touch{Attribution: last}}
	}
	cpc := ingest.Attribution{UTM: ingest.UTM{Medium: "CPC"}}
	mail := ingest.Attribution{UTM: ingest.UTM{Source: "newsletter", Medium: "email"}}
	cases := map[string]struct {
		signal score.Signal
		lead   leads.Lead
		want   string
	}{
		"email class":               {score.SignalEmail, fact("email.class", leads.Yes, "business"), "business"},
		"email class not learned":   {score.SignalEmail, fields(ingest.Fields{Email: "ann@acme.com"}), "unknown"},
		"no email":                  {score.SignalEmail, leads.Lead{}, "none"},
		"reach by email":            {score.SignalReach, fields(ingest.Fields{Email: "ann@acme.com"}), "email"},
		"reach by phone":            {score.SignalReach, fields(ingest.Fields{Email: "ann@", Phone: "030 123456"}), "phone"},
		"reach by nothing":          {score.SignalReach, fields(ingest.Fields{Email: "ann@", Phone: "call me"}), "none"},
		"full name":                 {score.SignalName, fields(ingest.Fields{FirstName: "Ann", LastName: "Smith"}), "full"},
		"part of a name":            {score.SignalName, fields(ingest.Fields{FirstName: " ", LastName: "Smith"}), "part"},
		"no name":                   {score.SignalName, leads.Lead{}, "none"},
		"international phone":       {score.SignalPhone, fields(ingest.Fields{Phone: "+49 (30) 1234567"}), "international"},
		"international, by zeros":   {score.SignalPhone, fields(ingest.Fields{Phone: "0049301234567"}), "international"},
		"national phone":            {score.SignalPhone, fields(ingest.Fields{Phone: "030 123456"}), "given"},
		"no phone":                  {score.SignalPhone, fields(ingest.Fields{Phone: "12345"}), "none"},
		"stated company":            {score.SignalCompany, fields(ingest.Fields{Company: "Acme"}), "stated"},
		"found company":             {score.SignalCompany, fact("company.domain", leads.Yes, "acme.com"), "found"},
		"company not found":         {score.SignalCompany, fact("company.name", leads.Unknown, "Acme"), "unknown"},
		"paid at the first touch":   {score.SignalChannel, came(cpc, mail), "paid"},
		"paid at the last touch":    {score.SignalChannel, came(mail, ingest.Attribution{ClickIDs: map[string]string{"gclid": "x"}}), "paid"},
		"Facebook's id is no ad":    {score.SignalChannel, came(ingest.Attribution{ClickIDs: map[string]string{"fbclid": "x"}}, ingest.Attribution{}), "unknown"},
		"campaign":                  {score.SignalChannel, came(ingest.Attribution{Referrer: "https://x.example/"}, mail), "campaign"},
		"referral":                  {score.SignalChannel, came(ingest.Attribution{}, ingest.Attribution{Referrer: "https://x.example/", Page: "https://acme.com/"}), "referral"},
		"own page is no referral":   {score.SignalChannel, came(ingest.Attribution{}, ingest.Attribution{Referrer: "https://acme.com/", Page: "https://www.acme.com/"}), "unknown"},
		"truth of a fact":           {"truth:crm.customer", fact("crm.customer", leads.No, ""), "no"},
		"truth of no fact":          {"truth:crm.customer", leads.Lead{}, "unknown"},
		"value of a fact":           {"value:geo.country", fact("geo.country", leads.Yes, "de"), "DE"},
		"value of an unknown fact":  {"value:geo.country", fact("geo.country", leads.Unknown, "DE"), "unknown"},
		"known field":               {"field:company", fields(ingest.Fields{Company: "ACME"}), "acme"},
		"metadata field":            {"field:plan", leads.Lead{Metadata: ingest.Metadata{"plan": json.RawMessage(`"Pro"`)}}, "pro"},
		"field that was left empty": {"field:plan", leads.Lead{}, "none"},
	}
	values := []string{"business", "unknown", "none", "email", "phone", "full", "part", "international", "given", "stated", "found", "paid", "campaign", "referral", "no", "yes", "DE", "acme", "pro"}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, reads(t, c.signal, c.lead, values...))
		})
	}
}

func TestSizesOfFields(t *testing.T) {
	t.Parallel()
	size := &score.Rubric{Criteria: []score.Criterion{{Name: "size", Axis: score.Fit, Signal: "field:employees", Levels: []score.Level{
		{Name: "large", Points: 20, Reason: "large", Match: score.Match{AtLeast: 1000}},
		{Name: "medium", Points: 10, Reason: "medium", Match: score.Match{AtLeast: 50}},
		{Name: "small", Reason: "small"},
	}}}}
	for raw, want := range map[string]string{
		`1000`: "large", `"1,200"`: "large", `"1.000+"`: "large", `"50-100"`: "medium", `"about 60"`: "medium", `"49"`: "small", `"many"`: "small", `""`: "small", `"10, 000x"`: "small", `99999999999`: "large",
	} {
		require.Equal(t, want, first(t, size, leads.Lead{Metadata: ingest.Metadata{"employees": json.RawMessage(raw)}}).Level, raw)
	}
}

// A last level that takes points must not be reached by what is not known.
func TestUnknownDoesNotFallThrough(t *testing.T) {
	t.Parallel()
	strict := &score.Rubric{Criteria: []score.Criterion{{Name: "country", Axis: score.Fit, Signal: "value:geo.country", Levels: []score.Level{
		{Name: "ours", Points: 20, Reason: "ours", Match: score.Match{Values: []string{"DE"}}},
		{Name: "abroad", Points: -20, Reason: "abroad"},
	}}}}
	require.Equal(t, leads.Evidence{Criterion: "country", Level: "unknown", Max: 20, Reason: "not known", By: "rule"}, first(t, strict, leads.Lead{}))
	france := leads.Lead{Enrichment: leads.Enrichment{"geo.country": {Truth: leads.Yes, Value: "FR"}}}
	require.Equal(t, "abroad", first(t, strict, france).Level)
}
