package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

// ListSources is described by [desk.Sources].
func (s *Store) ListSources(ctx context.Context, tenant string) ([]desk.SourceEntry, error) {
	entries, order, err := s.sources(ctx, tenant)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	tokens := make(map[uid][]string)
	err = s.read(ctx, "list sources", s.engine.statements().tokens, true, []any{tenant}, func(scan scanFunc) error {
		var id uid
		var token string
		err := scan(&id, &token)
		tokens[id] = append(tokens[id], token)
		return err
	})
	for i := range entries {
		if err != nil {
			return nil, err
		}
		id, _ := parseID(entries[i].Source.ID)
		slices.SortStableFunc(tokens[id], func(a, b string) int {
			return cmp.Compare(slices.Index(order[i], a), slices.Index(order[i], b))
		})
		entries[i].Tokens = tokens[id]
		err = s.read(ctx, "list sources", s.engine.statements().lastSeen, true, []any{tenant, s.engine.id(id)}, func(scan scanFunc) error {
			var seen stamp
			err := scan(&seen)
			entries[i].LastSeen = seen.Time
			return err
		})
	}
	return entries, err
}

// sources reads the tenant's sources, and for each the order of its tokens.
func (s *Store) sources(ctx context.Context, tenant string) (entries []desk.SourceEntry, order [][]string, err error) {
	err = s.read(ctx, "list sources", s.engine.statements().sources, validTenant(tenant), []any{tenant}, func(scan scanFunc) error {
		var r sourceRow
		if err := scan(&r.TenantID, &r.ID, &r.Name, &r.Doc, &r.CreatedAt, &r.DeletedAt); err != nil {
			return err
		}
		source, err := r.source()
		if err != nil {
			return err
		}
		var d sourceDoc
		if err := decode(r.Doc, &d); err != nil {
			return err
		}
		entries, order = append(entries, desk.SourceEntry{Source: source}), append(order, d.Tokens)
		return nil
	})
	return entries, order, err
}

// SourceNames is described by [desk.Sources].
func (s *Store) SourceNames(ctx context.Context, tenant string) (names []desk.SourceName, err error) {
	err = s.read(ctx, "source names", s.engine.statements().sourceNames, validTenant(tenant), []any{tenant}, func(scan scanFunc) error {
		var id uid
		var name desk.SourceName
		err := scan(&id, &name.Name, &name.Deleted)
		name.ID = id.String()
		names = append(names, name)
		return err
	})
	return names, err
}

// Payloads is described by [desk.Sources].
func (s *Store) Payloads(ctx context.Context, tenant, sourceID string, limit int) ([]ingest.Submission, error) {
	id, ok := parseID(sourceID)
	return s.submissions(ctx, "payloads", s.engine.statements().payloads, ok && validTenant(tenant), tenant, s.engine.id(id), pageOf(limit))
}

// Quarantined is described by [desk.Sources].
func (s *Store) Quarantined(ctx context.Context, tenant, after string, limit int) ([]ingest.Submission, error) {
	id, ok := behind(after)
	return s.submissions(ctx, "quarantined", s.engine.statements().quarantined, ok && validTenant(tenant),
		tenant, s.engine.id(uid{}), s.engine.id(id), pageOf(limit))
}

// behindAll is behind every ID.
var behindAll = uid{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}

// behind is the ID before which a page ends that is read from the newest on.
func behind(after string) (uid, bool) {
	if after == "" {
		return behindAll, true
	}
	return parseID(after)
}

func (s *Store) submissions(ctx context.Context, operation, text string, possible bool, args ...any) (page []ingest.Submission, err error) {
	err = s.read(ctx, operation, text, possible, args, func(scan scanFunc) error {
		var r submissionRow
		if err := r.read(scan); err != nil {
			return err
		}
		sub, err := r.submission()
		page = append(page, sub)
		return err
	})
	return page, err
}

// DeleteQuarantined is described by [desk.Sources].
func (s *Store) DeleteQuarantined(ctx context.Context, tenant, submissionID string) error {
	id, ok := parseID(submissionID)
	if !ok || !validTenant(tenant) {
		return leads.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("bunstore: delete quarantined: %w", err)
	}
	err := s.engine.write(ctx, func(ctx context.Context, t tx) error { return s.deleteQuarantined(ctx, t, tenant, id) })
	if err != nil {
		return fmt.Errorf("bunstore: delete quarantined: %w", err)
	}
	return nil
}

func (s *Store) deleteQuarantined(ctx context.Context, t tx, tenant string, id uid) error {
	e := s.engine
	var row submissionRow
	err := t.query(ctx, e.statements().unquarantine, []any{tenant, e.id(uid{}), e.id(id)}, row.read)
	if err != nil {
		return err
	}
	if row.Doc == nil {
		return leads.ErrNotFound
	}
	sub, err := row.submission()
	if err != nil || sub.Key == "" {
		return err
	}
	_, err = t.exec(ctx, e.statements().dropKey, tenant, e.id(row.SourceID), []byte(sub.Key), e.id(id))
	return err
}
