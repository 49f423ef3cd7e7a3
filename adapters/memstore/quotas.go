package memstore

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// count is how much of a quota was spent, kept until its period ends.
type count struct {
	spent int
	until time.Time
}

// Spend takes one of each quota, or none at all. See [sequence.Quotas].
func (s *Store) Spend(ctx context.Context, tenant string, quotas ...sequence.Quota) (string, error) {
	if err := s.begin(ctx, "spend"); err != nil {
		return "", err
	}
	defer s.mu.Unlock()
	now := s.now()
	maps.DeleteFunc(s.tables.spent, func(_ key, c count) bool { return !c.until.After(now) })
	taken := make(map[key]count, len(quotas))
	for _, q := range quotas {
		if len(q.Key) > 255 {
			return "", fmt.Errorf("memstore: spend: %w: a quota's key is longer than 255 bytes", leads.ErrInvalid)
		}
		k := key{tenant, q.Key}
		spent := s.tables.spent[k].spent
		if spent >= q.Limit {
			return q.Key, nil
		}
		taken[k] = count{spent: spent + 1, until: q.Until}
	}
	maps.Copy(s.tables.spent, taken)
	return "", nil
}
