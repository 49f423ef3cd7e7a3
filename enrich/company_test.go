package enrich_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
	"github.com/openleads/leads/ingest"
)

func TestCompany(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ email, company, own, domain, name, source string }{
		"from the domain":           {email: "ann@acme.com", domain: "acme.com", name: "Acme", source: "domain"},
		"below the domain":          {email: "ann@mail.eu.acme.com", domain: "acme.com", name: "Acme", source: "domain"},
		"two-part suffix":           {email: "ann@acme-tools.co.uk", domain: "acme-tools.co.uk", name: "Acme Tools", source: "domain"},
		"wildcard suffix":           {email: "ann@acme.com.ck", domain: "acme.com.ck", name: "Acme", source: "domain"},
		"initials":                  {email: "ann@ibm.com", domain: "ibm.com", name: "IBM", source: "domain"},
		"initials without a vowel":  {email: "ann@kpmg.com", domain: "kpmg.com", name: "KPMG", source: "domain"},
		"short words in a name":     {email: "ann@lab-of-joy.com", domain: "lab-of-joy.com", name: "Lab Of Joy", source: "domain"},
		"umlaut":                    {email: "ann@bücher.de", domain: "xn--bcher-kva.de", name: "Bücher", source: "domain"},
		"umlaut first":              {email: "ann@öko-haus.de", domain: "xn--ko-haus-80a.de", name: "Öko Haus", source: "domain"},
		"private suffix, for firms": {email: "ann@acme.uk.com", domain: "acme.uk.com", name: "Acme", source: "domain"},
		"operator of a suffix":      {email: "ann@github.io", domain: "github.io", name: "Github", source: "domain"},
		"given by the lead":         {email: "ann@acme.com", company: " ACME  Tools\nLtd. ", domain: "acme.com", name: "ACME Tools Ltd.", source: "lead"},
		"given, private mailbox":    {email: "ann@gmail.com", company: "Acme", name: "Acme", source: "lead"},
		"given, no address":         {company: "Acme", name: "Acme", source: "lead"},
		"given, but nothing said":   {email: "ann@acme.com", company: " N/A ", domain: "acme.com", name: "Acme", source: "domain"},
		"given, far too long":       {company: strings.Repeat("ä", 5000), name: strings.Repeat("ä", 100), source: "lead"},
		"shared mailbox":            {email: "info@acme.com", domain: "acme.com", name: "Acme", source: "domain"},
		"a trade at the end":        {email: "ann@acmeplumbing.com", domain: "acmeplumbing.com", name: "Acme Plumbing", source: "domain"},
		"two trades":                {email: "ann@greenenergysolutions.com", domain: "greenenergysolutions.com", name: "Green Energy Solutions", source: "domain"},
		"nothing but a trade":       {email: "ann@software.com", domain: "software.com", name: "Software", source: "domain"},
		"a legal form":              {email: "ann@acme-gmbh.de", domain: "acme-gmbh.de", name: "Acme GmbH", source: "domain"},
		"headquarters":              {email: "ann@acmehq.com", domain: "acmehq.com", name: "Acme", source: "domain"},
		"own domain":                {email: "ann@mine.example.com", own: "mine.example.com"},
		"below an own domain":       {email: "ann@eu.mine.example.com", own: "mine.example.com"},
		"only alike":                {email: "ann@notmine.com", own: "mine.com", domain: "notmine.com", name: "Notmine", source: "domain"},
		"private mailbox":           {email: "ann@gmail.com"},
		"throw-away mailbox":        {email: "ann@x.mailinator.com"},
		"forwarder":                 {email: "ann@privaterelay.appleid.com"},
		"invalid":                   {email: "ann@@acme.com"},
		"bare suffix":               {email: "ann@co.uk"},
		"not in the DNS":            {email: "ann@acme.internal"},
		"nothing":                   {},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts, err := enrich.Company{Own: []string{c.own}}.Enrich(t.Context(), leads.Lead{Fields: ingest.Fields{Email: c.email, Company: c.company}})
			require.NoError(t, err)
			require.Equal(t, c.domain, fact(facts, enrich.CompanyDomain).Value)
			require.Equal(t, c.name, fact(facts, enrich.CompanyName).Value)
			require.Equal(t, c.source, fact(facts, enrich.CompanyName).Source)
		})
	}
}

func TestCompanyIsNotLearnedTwice(t *testing.T) {
	t.Parallel()
	lead := at("ann@acme.com")
	company := enrich.Company{Clock: atNoon}
	facts, err := company.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Len(t, facts, 2)
	lead.Enrichment = lead.Enrichment.Merge(facts)
	facts, err = company.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Empty(t, facts)

	lead.Company = "Acme Tools Ltd."
	facts, err = company.Enrich(t.Context(), lead)
	require.NoError(t, err)
	require.Equal(t, "company.name", keys(facts), "what the lead says replaces what was made")
}

// A name that was found elsewhere is kept as long as it is fresh and about the same organisation.
func TestABetterNameIsKept(t *testing.T) {
	t.Parallel()
	known := func(source string, expires time.Time) leads.Lead {
		lead := at("ann@acme.com")
		lead.Enrichment = lead.Enrichment.Merge([]leads.Fact{
			{Key: enrich.CompanyDomain, Truth: leads.Yes, Value: "acme.com", Source: "domain", At: noon},
			{Key: enrich.CompanyName, Truth: leads.Yes, Value: "ACME Tools", Source: source, At: noon, Expires: expires},
		})
		return lead
	}
	moved := known("homepage: title", noon.Add(time.Hour))
	moved.Email = "ann@other.com"
	cases := map[string]struct {
		lead leads.Lead
		want string // "" when the old one is kept
	}{
		"from the homepage": {known("homepage: title", noon.Add(time.Hour)), ""},
		"from a provider":   {known("registry", noon.Add(time.Hour)), ""},
		"expired":           {known("homepage: title", noon), "Acme"},
		"no longer stated":  {known("lead", noon.Add(time.Hour)), "Acme"},
		"another address":   {moved, "Other"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts, err := enrich.Company{Clock: atNoon}.Enrich(t.Context(), c.lead)
			require.NoError(t, err)
			require.Equal(t, c.want, fact(facts, enrich.CompanyName).Value)
		})
	}
}
