package enrich_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
)

// sees is a part that tells the value of a fact that the lead has by then.
func sees(key string) leads.Enricher {
	return leads.EnricherFunc(func(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
		return []leads.Fact{{Key: "seen", Truth: leads.Yes, Value: lead.Enrichment.Value(key), Source: "test", At: noon}}, nil
	})
}

func TestSteps(t *testing.T) {
	t.Parallel()
	errBusy, errGone := errors.New("busy"), leads.Permanent(errors.New("gone"))
	company := enrich.Company{Clock: atNoon}
	cases := map[string]struct {
		steps     enrich.Steps
		facts     string
		seen      string
		failed    error
		permanent bool
		took      time.Duration
	}{
		"nothing":                     {},
		"a fact of the part before":   {steps: enrich.Steps{company, sees(enrich.CompanyDomain)}, facts: "company.domain company.name seen", seen: "acme.com"},
		"not of the part behind":      {steps: enrich.Steps{sees(enrich.CompanyDomain), nil, company}, facts: "seen company.domain company.name"},
		"a failure holds up nobody":   {steps: enrich.Steps{says("a", 0, errBusy), panics(1), sees("a")}, facts: "a seen", failed: errBusy},
		"permanent if all errors are": {steps: enrich.Steps{says("a", 0, errGone), sees("a")}, facts: "a seen", failed: errGone, permanent: true},
		"one after another":           {steps: enrich.Steps{says("a", time.Second, nil), says("b", time.Second, nil)}, facts: "a b", took: 2 * time.Second},
		"each with its time":          {steps: enrich.Steps{enrich.WithTimeout(deaf(time.Minute), time.Second), says("b", 0, nil)}, facts: "b", failed: context.DeadlineExceeded, took: 1100 * time.Millisecond},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer outlast()
				began, lead := time.Now(), at("ann@acme.com")
				lead.Enrichment = leads.Enrichment{"old": {Key: "old"}}
				facts, err := c.steps.Enrich(t.Context(), lead)
				require.Equal(t, c.took, time.Since(began))
				require.Equal(t, c.facts, keys(facts))
				require.Equal(t, c.seen, fact(facts, "seen").Value)
				require.ErrorIs(t, err, c.failed)
				require.Equal(t, c.permanent, leads.IsPermanent(err))
				require.Len(t, lead.Enrichment, 1, "the caller's lead is untouched")
			})
		})
	}
}
