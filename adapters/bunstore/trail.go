package bunstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// AddEntry is described by [desk.Trail].
func (s *Store) AddEntry(ctx context.Context, entry desk.Entry) error {
	id, err := checkID("Entry.ID", entry.ID, false)
	if err == nil && !validTenant(entry.Tenant) {
		err = fmt.Errorf("%w: Entry.Tenant", leads.ErrInvalid)
	}
	for _, text := range []string{entry.Who, entry.Action, entry.Object} {
		if err == nil && !storable(text) {
			err = fmt.Errorf("%w: a field of the entry is not UTF-8 or holds NUL", leads.ErrInvalid)
		}
	}
	if err != nil {
		return fmt.Errorf("bunstore: add entry: %w", err)
	}
	e := s.engine
	return s.exec(ctx, "add entry", e.statements().addEntry, true, entry.Tenant, e.id(id), e.at(micro(entry.At)),
		entry.Who, entry.Action, entry.Object, []byte(entry.Data))
}

// Entries is described by [desk.Trail].
func (s *Store) Entries(ctx context.Context, tenant, after string, limit int) (page []desk.Entry, err error) {
	id, ok := behind(after)
	args := []any{tenant, s.engine.id(id), pageOf(limit)}
	err = s.read(ctx, "entries", s.engine.statements().entries, ok && validTenant(tenant), args, func(scan scanFunc) error {
		var entry desk.Entry
		var id uid
		var at stamp
		err := scan(&entry.Tenant, &id, &at, &entry.Who, &entry.Action, &entry.Object, (*[]byte)(&entry.Data))
		entry.ID, entry.At = id.String(), at.Time
		if entry.Data != nil {
			entry.Data = append(json.RawMessage(nil), entry.Data...)
		}
		page = append(page, entry)
		return err
	})
	return page, err
}
