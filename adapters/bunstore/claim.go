package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openleads/leads"
)

// maxTenants is how many tenants a claim serves at most for each kind.
const maxTenants = 64

// quota is how many tasks of a tenant are claimed at most.
type quota struct {
	tenant string
	n      int
}

// leaseTerm is when a lease begins and how long it lasts. A zero now is the store's clock.
type leaseTerm struct {
	now   time.Time
	lease time.Duration
}

// turns remembers for each kind which tenant was served last, so that the next claim begins behind it.
type turns struct {
	mu   sync.Mutex
	last map[leads.TaskKind]string
}

func (t *turns) after(kind leads.TaskKind) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last[kind]
}

func (t *turns) set(kind leads.TaskKind, tenant string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = make(map[leads.TaskKind]string)
	}
	t.last[kind] = tenant
}

// Claim is described by [leads.Store]. A tenant's tasks are given out in the order in which they were due. When nothing is due it writes nothing.
func (s *Store) Claim(ctx context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	due, err := s.pending(ctx, s.engine.read(), q.Now)
	if err != nil {
		return nil, fmt.Errorf("bunstore: claim: %w", err)
	}
	if due == (pending{}) {
		return nil, nil
	}
	var tasks []leads.Task
	err = s.engine.write(ctx, func(ctx context.Context, t tx) error {
		tasks = nil
		if err := s.wake(ctx, t, q.Now, due); err != nil {
			return err
		}
		for _, kind := range slices.Sorted(maps.Keys(q.Slots)) {
			if n := q.Slots[kind]; n > 0 {
				rows, err := s.claimKind(ctx, t, kind, n, leaseTerm{q.Now, q.Lease})
				if err != nil {
					return err
				}
				if tasks, err = s.withDeliveries(ctx, t, tasks, rows); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("bunstore: claim: %w", err)
	}
	return tasks, nil
}

// pending says what there is for a claim to do.
type pending struct{ waiting, lapsed, ready bool }

func (s *Store) pending(ctx context.Context, t tx, now time.Time) (p pending, err error) {
	err = t.query(ctx, s.engine.statements().pending, []any{s.engine.clock(now)}, func(scan scanFunc) error {
		return scan(&p.waiting, &p.lapsed, &p.ready)
	})
	return p, err
}

// wake makes tasks ready that have become due, or whose lease has ended.
func (s *Store) wake(ctx context.Context, t tx, now time.Time, due pending) error {
	if due.waiting {
		if _, err := t.exec(ctx, s.engine.statements().promote, s.engine.clock(now)); err != nil {
			return err
		}
	}
	if due.lapsed {
		if _, err := t.exec(ctx, s.engine.statements().lapse, s.engine.clock(now)); err != nil {
			return err
		}
	}
	return nil
}

// claimKind claims up to n tasks of a kind: first the same number of every tenant, then more of those that have more.
func (s *Store) claimKind(ctx context.Context, t tx, kind leads.TaskKind, n int, term leaseTerm) ([]taskRow, error) {
	tenants, err := s.tenantsWith(ctx, t, kind, min(n, maxTenants))
	if err != nil || len(tenants) == 0 {
		return nil, err
	}
	var tasks []taskRow
	for quotas := share(tenants, n); len(quotas) > 0 && n > 0; {
		got, err := s.engine.take(ctx, t, kind, quotas, term)
		if err != nil {
			return nil, err
		}
		n -= len(got)
		tasks = append(tasks, got...)
		quotas = share(hungry(quotas, got), n)
	}
	slices.SortFunc(tasks, func(a, b taskRow) int {
		return cmp.Or(a.Due.Compare(b.Due.Time), strings.Compare(string(a.ID[:]), string(b.ID[:])))
	})
	return tasks, nil
}

// tenantsWith returns up to n tenants that have ready tasks of the kind, beginning behind the one that was served last.
func (s *Store) tenantsWith(ctx context.Context, t tx, kind leads.TaskKind, n int) ([]string, error) {
	after := s.turns.after(kind)
	tenants, err := s.tenantsAfter(ctx, t, kind, after, n)
	if err != nil {
		return nil, err
	}
	if len(tenants) < n && after != "" {
		wrapped, err := s.tenantsAfter(ctx, t, kind, "", n-len(tenants))
		if err != nil {
			return nil, err
		}
		for _, tenant := range wrapped {
			if tenant <= after {
				tenants = append(tenants, tenant)
			}
		}
	}
	last := ""
	if len(tenants) == n {
		last = tenants[n-1]
	}
	s.turns.set(kind, last)
	return tenants, nil
}

func (s *Store) tenantsAfter(ctx context.Context, t tx, kind leads.TaskKind, after string, n int) (tenants []string, err error) {
	err = t.query(ctx, s.engine.statements().tenants, []any{string(kind), after, n}, func(scan scanFunc) error {
		tenants = append(tenants, "")
		return scan(&tenants[len(tenants)-1])
	})
	return tenants, err
}

// share divides n among the tenants; the first ones get the rest.
func share(tenants []string, n int) []quota {
	quotas := make([]quota, 0, len(tenants))
	for i, tenant := range tenants {
		part := n / len(tenants)
		if i < n%len(tenants) {
			part++
		}
		if part > 0 {
			quotas = append(quotas, quota{tenant, part})
		}
	}
	return quotas
}

// hungry returns the tenants that were given their whole quota and so may have more.
func hungry(quotas []quota, got []taskRow) []string {
	counts := make(map[string]int, len(quotas))
	for i := range got {
		counts[got[i].TenantID]++
	}
	var tenants []string
	for _, q := range quotas {
		if counts[q.tenant] == q.n {
			tenants = append(tenants, q.tenant)
		}
	}
	return tenants
}

// withDeliveries appends the claimed tasks. Only one that has been claimed before, or made before, can have
// deliveries.
func (s *Store) withDeliveries(ctx context.Context, t tx, tasks []leads.Task, rows []taskRow) ([]leads.Task, error) {
	type name struct {
		tenant   string
		lead, id uid
	}
	var tried []taskRow
	at := make(map[name]int)
	for i := range rows {
		if rows[i].Fence > 1 {
			tried = append(tried, rows[i])
			at[name{rows[i].TenantID, rows[i].LeadID, rows[i].ID}] = len(tasks)
		}
		tasks = append(tasks, rows[i].task())
	}
	if len(tried) == 0 {
		return tasks, nil
	}
	err := s.engine.efforts(ctx, t, tried, func(scan scanFunc) error {
		var r deliveryRow
		if err := r.scan(scan); err != nil {
			return err
		}
		task := &tasks[at[name{r.TenantID, r.LeadID, r.TaskID}]]
		task.Deliveries = append(task.Deliveries, r.delivery())
		return nil
	})
	return tasks, err
}
