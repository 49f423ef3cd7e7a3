package openai

import (
	"sync"
	"time"

	"github.com/openleads/leads"
)

// budget counts the tokens of each tenant for one day. What a call may cost is set aside before it and settled after it, so that calls
// made at once cannot spend more together than there is.
type budget struct {
	limit int // 0 means none
	mu    sync.Mutex
	day   string
	used  map[string]int
}

// reserve sets tokens aside, or says that there are not enough.
func (b *budget) reserve(tenant string, tokens int, now time.Time) (*reservation, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	if b.limit > 0 && b.used[tenant]+tokens > b.limit {
		return nil, leads.After(ErrBudget, untilMidnight(now))
	}
	b.used[tenant] += tokens
	return &reservation{budget: b, tenant: tenant, tokens: tokens, day: b.day}, nil
}

func (b *budget) turn(now time.Time) {
	if day := dayOf(now); day != b.day {
		b.day, b.used = day, make(map[string]int)
	}
}

func (b *budget) spent(tenant string, now time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now)
	return b.used[tenant]
}

// reservation is what one request may cost.
type reservation struct {
	budget *budget
	tenant string
	tokens int
	day    string
}

// settle replaces what was set aside by what the request did cost. Of a day that is over nothing is counted any more.
func (r *reservation) settle(tokens int) {
	r.budget.mu.Lock()
	defer r.budget.mu.Unlock()
	if r.day == r.budget.day {
		r.budget.used[r.tenant] += tokens - r.tokens
	}
	r.tokens = tokens
}
