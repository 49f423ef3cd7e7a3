package bunstore

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// Suppress is described by [sequence.Suppressions]. What is too long or cannot be stored of the note is left out.
func (s *Store) Suppress(ctx context.Context, p sequence.Suppression) error {
	if !validTenant(p.Tenant) || !keyable(p.Key) || !keyable(p.Purpose) || !storable(string(p.Reason)) {
		return fmt.Errorf("bunstore: suppress: %w: Suppression.Tenant, Key, Purpose or Reason", leads.ErrInvalid)
	}
	return s.exec(ctx, "suppress", s.engine.statements().suppress, true,
		p.Tenant, p.Key, p.Purpose, string(p.Reason), clip(p.Note), s.engine.at(micro(p.At)))
}

// Suppressed is described by [sequence.Suppressions].
func (s *Store) Suppressed(ctx context.Context, tenant, key string) ([]sequence.Suppression, error) {
	return s.suppressions(ctx, s.engine.statements().suppressed, validTenant(tenant) && keyable(key), tenant, key)
}

// Unsuppress is described by [sequence.Suppressions].
func (s *Store) Unsuppress(ctx context.Context, tenant, key, purpose string) error {
	return s.exec(ctx, "unsuppress", s.engine.statements().release, validTenant(tenant) && keyable(key) && keyable(purpose), tenant, key, purpose)
}

// Suppressions is described by [sequence.Suppressions].
func (s *Store) Suppressions(ctx context.Context, tenant, afterKey, afterPurpose string, limit int) ([]sequence.Suppression, error) {
	possible := validTenant(tenant) && storable(afterKey) && storable(afterPurpose)
	return s.suppressions(ctx, s.engine.statements().suppressions, possible, tenant, afterKey, afterPurpose, pageOf(limit))
}

func (s *Store) suppressions(ctx context.Context, text string, possible bool, args ...any) (page []sequence.Suppression, err error) {
	err = s.read(ctx, "suppressions", text, possible, args, func(scan scanFunc) error {
		var p sequence.Suppression
		var at stamp
		err := scan(&p.Tenant, &p.Key, &p.Purpose, (*string)(&p.Reason), &p.Note, &at)
		p.At = at.Time
		page = append(page, p)
		return err
	})
	return page, err
}
