package memstore

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// PutSource creates the source, or replaces the one with its tenant and ID. The tokens given are all of its active ones from then on.
// It returns [leads.ErrInvalid], and changes nothing, if a token is empty or belongs to another source.
func (s *Store) PutSource(ctx context.Context, source ingest.Source, tokens ...string) error {
	if err := s.begin(ctx, "put source"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := checkID("a source", source.ID); err != nil {
		return err
	}
	k := key{source.Tenant, source.ID}
	for _, token := range tokens {
		if owner, taken := s.tables.tokens[token]; token == "" || taken && owner != k {
			return fmt.Errorf("memstore: put source: %w: a token is empty or belongs to another source", leads.ErrInvalid)
		}
	}
	for token, owner := range s.tables.tokens {
		if owner == k {
			delete(s.tables.tokens, token)
		}
	}
	for _, token := range tokens {
		s.tables.tokens[token] = k
	}
	s.tables.sources[k] = cloneSource(source)
	return nil
}

// SourceByToken returns the active source that the token belongs to, or [ingest.ErrNotFound].
func (s *Store) SourceByToken(ctx context.Context, token string) (ingest.Source, error) {
	if err := s.begin(ctx, "source by token"); err != nil {
		return ingest.Source{}, err
	}
	defer s.mu.Unlock()
	source, ok := s.tables.sources[s.tables.tokens[token]]
	if !ok || !source.DeletedAt.IsZero() {
		return ingest.Source{}, ingest.ErrNotFound
	}
	return cloneSource(source), nil
}

// Source returns a source of the tenant, a deleted one too, or [leads.ErrNotFound].
func (s *Store) Source(ctx context.Context, tenant, id string) (ingest.Source, error) {
	if err := s.begin(ctx, "source"); err != nil {
		return ingest.Source{}, err
	}
	defer s.mu.Unlock()
	source, ok := s.tables.sources[key{tenant, id}]
	if !ok {
		return ingest.Source{}, leads.ErrNotFound
	}
	return cloneSource(source), nil
}
