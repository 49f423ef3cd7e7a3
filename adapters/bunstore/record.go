package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/openleads/leads"
)

// maxRecord bounds the data of a record, in bytes.
const maxRecord = 256 << 10

var kinds = regexp.MustCompile(`^[a-z0-9.-]{1,40}$`)

// nameable reports whether a record can have the kind and ID.
func nameable(tenant, kind, id string) bool {
	return validTenant(tenant) && kinds.MatchString(kind) && id != "" && keyable(id)
}

func scanRecord(scan scanFunc) (r leads.Record, err error) {
	var at stamp
	err = scan(&r.Tenant, &r.Kind, &r.ID, &r.Version, (*[]byte)(&r.Data), &at)
	r.UpdatedAt = at.Time
	return r, err
}

// Record is described by [leads.Records].
func (s *Store) Record(ctx context.Context, tenant, kind, id string) (r leads.Record, err error) {
	err = s.read(ctx, "record", s.engine.statements().record, nameable(tenant, kind, id), []any{tenant, kind, id}, func(scan scanFunc) (err error) {
		r, err = scanRecord(scan)
		return err
	})
	if err == nil && r.Version == 0 {
		err = leads.ErrNotFound
	}
	return r, err
}

// Records is described by [leads.Records].
func (s *Store) Records(ctx context.Context, tenant, kind, after string, limit int) (page []leads.Record, err error) {
	args := []any{tenant, kind, after, pageOf(limit)}
	err = s.read(ctx, "records", s.engine.statements().records, nameable(tenant, kind, "any") && storable(after), args, func(scan scanFunc) error {
		r, err := scanRecord(scan)
		page = append(page, r)
		return err
	})
	return page, err
}

// PutRecord is described by [leads.Records].
func (s *Store) PutRecord(ctx context.Context, r leads.Record) (leads.Record, error) {
	if !nameable(r.Tenant, r.Kind, r.ID) || len(r.Data) > maxRecord {
		return leads.Record{}, fmt.Errorf("bunstore: put record: %w: its tenant, kind or ID, or its data are too long", leads.ErrInvalid)
	}
	if err := s.ready(ctx); err != nil {
		return leads.Record{}, err
	}
	text, args := s.engine.statements().addRecord, []any{r.Tenant, r.Kind, r.ID, []byte(r.Data), s.engine.clock(noTime)}
	if r.Version != 0 {
		text, args = s.engine.statements().putRecord, append(args, r.Version)
	}
	var at stamp
	err := s.engine.write(ctx, func(ctx context.Context, t tx) error {
		stored := false
		err := t.query(ctx, text, args, func(scan scanFunc) error {
			stored = true
			return scan(&at)
		})
		if err == nil && !stored {
			err = leads.ErrStale
		}
		return err
	})
	if err != nil {
		return leads.Record{}, fmt.Errorf("bunstore: put record: %w", err)
	}
	r.Version, r.UpdatedAt, r.Data = r.Version+1, at.Time, append(json.RawMessage(nil), r.Data...)
	return r, nil
}

// DeleteRecord is described by [leads.Records].
func (s *Store) DeleteRecord(ctx context.Context, tenant, kind, id string) error {
	return s.exec(ctx, "delete record", s.engine.statements().dropRecord, nameable(tenant, kind, id), tenant, kind, id)
}

// exec runs a statement that writes in a transaction of its own, unless what it is about cannot be there.
func (s *Store) exec(ctx context.Context, operation, text string, possible bool, args ...any) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("bunstore: %s: %w", operation, err)
	}
	if !possible {
		return nil
	}
	err := s.engine.write(ctx, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, text, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("bunstore: %s: %w", operation, err)
	}
	return nil
}
