package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/openleads/leads/sequence"
)

// pair is what a suppression is known by within its tenant.
type pair struct{ key, purpose string }

func (p pair) compare(other pair) int {
	return cmp.Or(cmp.Compare(p.key, other.key), cmp.Compare(p.purpose, other.purpose))
}

// Suppress stores a suppression, unless there is one. See [sequence.Suppressions].
func (s *Store) Suppress(ctx context.Context, sup sequence.Suppression) error {
	if err := s.begin(ctx, "suppress"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	all := s.tables.suppressions[sup.Tenant]
	if all == nil {
		all = make(map[pair]sequence.Suppression)
		s.tables.suppressions[sup.Tenant] = all
	}
	if _, there := all[pair{sup.Key, sup.Purpose}]; !there {
		all[pair{sup.Key, sup.Purpose}] = sup
	}
	return nil
}

// Suppressed returns the suppressions of a key, oldest first.
func (s *Store) Suppressed(ctx context.Context, tenant, key string) ([]sequence.Suppression, error) {
	if err := s.begin(ctx, "suppressed"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var found []sequence.Suppression
	for p, sup := range s.tables.suppressions[tenant] {
		if p.key == key {
			found = append(found, sup)
		}
	}
	slices.SortFunc(found, func(a, b sequence.Suppression) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Purpose, b.Purpose))
	})
	return found, nil
}

// Unsuppress removes the suppression for a key and purpose, if there is one.
func (s *Store) Unsuppress(ctx context.Context, tenant, key, purpose string) error {
	if err := s.begin(ctx, "unsuppress"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	delete(s.tables.suppressions[tenant], pair{key, purpose})
	return nil
}

// Suppressions returns those of the tenant in the byte order of key and purpose. See [sequence.Suppressions].
func (s *Store) Suppressions(
	ctx context.Context, tenant, afterKey, afterPurpose string, limit int,
) ([]sequence.Suppression, error) {
	if err := s.begin(ctx, "suppressions"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	all, after := s.tables.suppressions[tenant], pair{afterKey, afterPurpose}
	var page []sequence.Suppression
	for _, p := range slices.SortedFunc(maps.Keys(all), pair.compare) {
		if p.compare(after) > 0 && len(page) < pageSize(limit) {
			page = append(page, all[p])
		}
	}
	return page, nil
}
