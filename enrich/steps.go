package enrich

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
)

// Steps is an Enricher made of parts that build on each other: they run one after another, and each is given the lead with the facts of
// those before it. In everything else it is like a [Chain], of which it is usually a part:
//
//	enrich.Chain{enrich.Email{DNS: dns}, enrich.Steps{enrich.Company{}, paid}}
//
// A part that fails keeps none of the others from being asked. Inside a Chain all steps together have the time of one part, unless
// [WithTimeout] gives them more.
type Steps []leads.Enricher

// The engine asks the part that it was given; one made of parts asks those.
var (
	_ leads.Checker    = Steps(nil)
	_ leads.Background = Steps(nil)
)

// Enrich asks the parts in turn.
func (s Steps) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	var facts []leads.Fact
	var errs []error
	for _, part := range s {
		if part == nil {
			continue
		}
		r := start(ctx, part, lead)
		found, err := r.wait()
		facts = append(facts, found...)
		lead.Enrichment = lead.Enrichment.Merge(found) // a copy: the caller's stays as it is
		if err != nil {
			errs = append(errs, fmt.Errorf("enrich: %T: %w", r.part, err))
		}
	}
	return bestName(facts), join(errs)
}

// Check asks every part that is a [leads.Checker].
func (s Steps) Check(ctx context.Context) []leads.Finding { return checkParts(ctx, s) }

// Background runs every part that is a [leads.Background], side by side, until ctx ends or one fails.
func (s Steps) Background(ctx context.Context, wake func()) error { return runParts(ctx, wake, s) }
