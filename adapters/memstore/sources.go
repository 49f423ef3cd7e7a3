package memstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
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
	for _, token := range s.tables.active[k] {
		delete(s.tables.tokens, token)
	}
	for _, token := range tokens {
		s.tables.tokens[token] = k
	}
	s.tables.sources[k], s.tables.active[k] = cloneSource(source), slices.Clone(tokens)
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

// ListSources returns the tenant's sources, the oldest first. See [desk.Sources].
func (s *Store) ListSources(ctx context.Context, tenant string) ([]desk.SourceEntry, error) {
	if err := s.begin(ctx, "list sources"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var entries []desk.SourceEntry
	for k, source := range s.tables.sources {
		if k.tenant != tenant {
			continue
		}
		e := desk.SourceEntry{Source: cloneSource(source), Tokens: slices.Clone(s.tables.active[k])}
		for _, sub := range s.received(tenant, func(sub submission) bool { return sub.SourceID == k.id }) {
			if sub.Received.After(e.LastSeen) {
				e.LastSeen = sub.Received
			}
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b desk.SourceEntry) int {
		return cmp.Or(a.Source.CreatedAt.Compare(b.Source.CreatedAt), cmp.Compare(a.Source.ID, b.Source.ID))
	})
	return entries, nil
}

// SourceNames returns what the tenant's sources are called, the oldest first. See [desk.Sources].
func (s *Store) SourceNames(ctx context.Context, tenant string) ([]desk.SourceName, error) {
	entries, err := s.ListSources(ctx, tenant)
	var names []desk.SourceName
	for _, e := range entries {
		names = append(names, desk.SourceName{ID: e.Source.ID, Name: e.Source.Name, Deleted: !e.Source.DeletedAt.IsZero()})
	}
	return names, err
}

// Payloads returns the newest submissions of a source. See [desk.Sources].
func (s *Store) Payloads(ctx context.Context, tenant, sourceID string, limit int) ([]ingest.Submission, error) {
	if err := s.begin(ctx, "payloads"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	subs := s.received(tenant, func(sub submission) bool { return sourceID != "" && sub.SourceID == sourceID })
	return newest(subs, submissionID, "", limit), nil
}

// Quarantined returns quarantined submissions, the newest first. See [desk.Sources].
func (s *Store) Quarantined(ctx context.Context, tenant, after string, limit int) ([]ingest.Submission, error) {
	if err := s.begin(ctx, "quarantined"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	subs := s.received(tenant, func(sub submission) bool { return sub.Verdict == ingest.Quarantined })
	return newest(subs, submissionID, after, limit), nil
}

// DeleteQuarantined removes a quarantined submission. See [desk.Sources].
func (s *Store) DeleteQuarantined(ctx context.Context, tenant, submissionID string) error {
	if err := s.begin(ctx, "delete quarantined"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	k := key{tenant, submissionID}
	if s.tables.submissions[k].Verdict != ingest.Quarantined {
		return leads.ErrNotFound
	}
	s.forget(k)
	return nil
}

// received returns the tenant's submissions that which selects, in no order.
func (s *Store) received(tenant string, which func(submission) bool) []ingest.Submission {
	var subs []ingest.Submission
	for k, sub := range s.tables.submissions {
		if k.tenant == tenant && which(sub) {
			subs = append(subs, cloneSubmission(sub.Submission))
		}
	}
	return subs
}

func submissionID(sub ingest.Submission) string { return sub.ID }
