package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openleads/leads"
)

// kind is where the records of one kind of a tenant are.
type kind struct{ tenant, name string }

// maxRecord bounds the data of a record, in bytes.
const maxRecord = 256 << 10

// Record returns one record, or [leads.ErrNotFound].
func (s *Store) Record(ctx context.Context, tenant, name, id string) (leads.Record, error) {
	if err := s.begin(ctx, "record"); err != nil {
		return leads.Record{}, err
	}
	defer s.mu.Unlock()
	r, ok := s.tables.records[kind{tenant, name}][id]
	if !ok {
		return leads.Record{}, leads.ErrNotFound
	}
	return cloneRecord(r), nil
}

// Records returns the records of a kind in the byte order of their IDs. See [leads.Records].
func (s *Store) Records(ctx context.Context, tenant, name, after string, limit int) ([]leads.Record, error) {
	if err := s.begin(ctx, "records"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var page []leads.Record
	all := s.tables.records[kind{tenant, name}]
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if id > after && len(page) < pageSize(limit) {
			page = append(page, cloneRecord(all[id]))
		}
	}
	return page, nil
}

// PutRecord stores a record if its Version is that of the stored one. See [leads.Records].
func (s *Store) PutRecord(ctx context.Context, r leads.Record) (leads.Record, error) {
	if err := s.begin(ctx, "put record"); err != nil {
		return leads.Record{}, err
	}
	defer s.mu.Unlock()
	if !storable(r) {
		return leads.Record{}, fmt.Errorf("memstore: put record: %w: its kind, ID or data", leads.ErrInvalid)
	}
	k := kind{r.Tenant, r.Kind}
	if s.tables.records[k][r.ID].Version != r.Version {
		return leads.Record{}, leads.ErrStale
	}
	if s.tables.records[k] == nil {
		s.tables.records[k] = make(map[string]leads.Record)
	}
	r.Version, r.UpdatedAt = r.Version+1, s.now()
	s.tables.records[k][r.ID] = cloneRecord(r)
	return cloneRecord(r), nil
}

// DeleteRecord removes a record, if it is there.
func (s *Store) DeleteRecord(ctx context.Context, tenant, name, id string) error {
	if err := s.begin(ctx, "delete record"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	delete(s.tables.records[kind{tenant, name}], id)
	return nil
}

// storable says whether a database could keep the record.
func storable(r leads.Record) bool {
	named := r.Kind != "" && len(r.Kind) <= 40 && strings.Trim(r.Kind, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
	known := r.ID != "" && len(r.ID) <= 255 && utf8.ValidString(r.ID) && !strings.Contains(r.ID, "\x00")
	return named && known && len(r.Data) <= maxRecord
}
