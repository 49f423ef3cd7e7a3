package enrich

import (
	"context"
	"slices"
	"time"

	"github.com/openleads/leads"
)

// cacheSize is how many answers a cache keeps.
const cacheSize = 10_000

// WithCache returns the part with a memory: what it found for a key serves other leads of the same tenant with that key for ttl. "" as a
// key means that the lead is not to be remembered. Facts keep the time at which they were learned. Several leads with one key at the
// same time are asked about once. What comes with an error is not remembered. The 10,000 answers used last are kept.
//
// The key must hold everything that the part looks at: one that asks about a company has the company's domain as its key. That is a
// fact, so the part that learns it must come before, in [Steps].
//
//	paid := enrich.WithCache(enrich.WithBudget(provider, 500), func(lead leads.Lead) string {
//		return lead.Enrichment.Value(enrich.CompanyDomain)
//	}, 30*24*time.Hour)
//	chain := enrich.Chain{enrich.Email{}, enrich.Steps{enrich.Company{}, paid}}
func WithCache(part leads.Enricher, key func(lead leads.Lead) string, ttl time.Duration) leads.Enricher {
	return &cached{wrapped: wrapped{part}, key: key, ttl: ttl, memory: newMemory[result](cacheSize), clock: time.Now}
}

type cached struct {
	wrapped
	key    func(leads.Lead) string
	ttl    time.Duration
	memory *memory[result]
	clock  func() time.Time
}

// Enrich returns what is remembered, or else asks the part.
func (c *cached) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	key := c.key(lead)
	if key == "" {
		return c.part.Enrich(ctx, lead)
	}
	found, err := c.memory.get(ctx, lead.Tenant+"\x00"+key, c.clock(), func() (r result, hold time.Duration) {
		r.facts, r.err = c.part.Enrich(ctx, lead)
		if r.err != nil {
			return r, -1 // the error may be of this lead or this moment only
		}
		return r, max(c.ttl, 0)
	})
	if err != nil {
		return nil, err
	}
	return slices.Clone(found.facts), found.err
}

// wrapped is a part inside another one: what it can do beside its work stays visible.
type wrapped struct{ part leads.Enricher }

// Check asks the part, if it is a [leads.Checker].
func (w wrapped) Check(ctx context.Context) []leads.Finding {
	return checkParts(ctx, []leads.Enricher{w.part})
}

// Background runs the part's work, if it is a [leads.Background].
func (w wrapped) Background(ctx context.Context, wake func()) error {
	return runParts(ctx, wake, []leads.Enricher{w.part})
}
