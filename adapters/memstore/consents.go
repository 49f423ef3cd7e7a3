package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/openleads/leads/sequence"
)

// AddConsent adds an entry to the ledger. See [sequence.Consents].
func (s *Store) AddConsent(ctx context.Context, c sequence.Consent) error {
	if err := s.begin(ctx, "add consent"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := checkID("a consent", c.ID); err != nil {
		return err
	}
	if s.tables.agreed[key{c.Tenant, c.ID}] {
		return nil
	}
	s.tables.agreed[key{c.Tenant, c.ID}] = true
	k := key{c.Tenant, c.AddressKey}
	s.tables.consents[k] = append(s.tables.consents[k], c)
	return nil
}

// Consents returns the entries of an address key, oldest first.
func (s *Store) Consents(ctx context.Context, tenant, addressKey string) ([]sequence.Consent, error) {
	if err := s.begin(ctx, "consents"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	found := slices.Clone(s.tables.consents[key{tenant, addressKey}])
	slices.SortFunc(found, func(a, b sequence.Consent) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return found, nil
}
