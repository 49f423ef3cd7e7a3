package enrich

import (
	"context"
	"errors"
	"time"

	"github.com/openleads/leads"
)

// ErrBudget is the error of a part that may not be asked again today; see [WithBudget].
var ErrBudget = errors.New("the day's budget of this tenant is used up")

// WithBudget returns the part, asked at most perDay times a day (UTC) for each tenant; less than 1 means never. It is meant for parts that cost money by the
// call. Beyond that it returns [ErrBudget], to be tried again the next day, so that the lead goes on with what the other parts know and
// is enriched later. What was used is counted in this process and forgotten with it; the 10,000 tenants that asked last are told apart.
//
// Every call counts, also for a lead about which the part knows everything already. Inside [WithCache] only those count that are not
// answered from the cache.
func WithBudget(part leads.Enricher, perDay int) leads.Enricher {
	return &budgeted{wrapped: wrapped{part}, perDay: perDay, quota: newQuota(24*time.Hour, perDay, 0), clock: time.Now}
}

type budgeted struct {
	wrapped
	perDay int
	quota  *quota
	clock  func() time.Time
}

// Enrich asks the part if the tenant may still ask.
func (b *budgeted) Enrich(ctx context.Context, lead leads.Lead) ([]leads.Fact, error) {
	now := b.clock()
	if b.perDay < 1 || !b.quota.take(lead.Tenant, now) {
		return nil, leads.After(ErrBudget, b.quota.next(now).Sub(now))
	}
	return b.part.Enrich(ctx, lead)
}
