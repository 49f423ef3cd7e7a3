package enrich

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// quota counts what tenants take in a period, and forgets those that have not taken anything for the longest.
type quota struct {
	period    time.Duration
	perTenant int // 0: no limit
	overall   int // 0: no limit

	mu    sync.Mutex
	began time.Time
	all   int
	taken *lru.Cache[string, int]
}

// quotaTenants is how many tenants a quota tells apart within a period, about 1 MB.
const quotaTenants = 10_000

func newQuota(period time.Duration, perTenant, overall int) *quota {
	taken, _ := lru.New[string, int](quotaTenants) // errs for a size below 1 only
	return &quota{period: period, perTenant: perTenant, overall: overall, taken: taken}
}

// take counts one for the tenant, unless that would be too much. Periods begin with multiples of their length, in UTC.
func (q *quota) take(tenant string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	began := now.UTC().Truncate(q.period)
	// Callers may be a little late, and a clock may be set back.
	if began.After(q.began) || q.began.Sub(began) > q.period {
		q.began, q.all = began, 0
		q.taken.Purge()
	}
	n, _ := q.taken.Get(tenant)
	if q.overall > 0 && q.all >= q.overall || q.perTenant > 0 && n >= q.perTenant {
		return false
	}
	q.all++
	q.taken.Add(tenant, n+1)
	return true
}

// next is when the period after the one of now begins.
func (q *quota) next(now time.Time) time.Time { return now.UTC().Truncate(q.period).Add(q.period) }
