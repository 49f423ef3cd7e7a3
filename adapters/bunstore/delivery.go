package bunstore

import (
	"context"
	"fmt"

	"github.com/openleads/leads"
)

// Delivery is described by [leads.Deliveries].
func (s *Store) Delivery(ctx context.Context, messageID string) (d leads.Delivery, err error) {
	found := false
	possible := messageID != "" && storable(messageID)
	err = s.read(ctx, "delivery", s.engine.statements().deliveryOf, possible, []any{messageID}, func(scan scanFunc) error {
		var r deliveryRow
		err := r.scan(scan)
		d, found = r.delivery(), true
		return err
	})
	if err == nil && !found {
		err = leads.ErrNotFound
	}
	return d, err
}

// Deliveries is described by [leads.Deliveries].
func (s *Store) Deliveries(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
	var rows []deliveryRow
	if err := s.ofLead(ctx, tenant, leadID, "deliveries", "created_at", &rows); err != nil {
		return nil, err
	}
	ds := make([]leads.Delivery, len(rows))
	for i := range rows {
		ds[i] = rows[i].delivery()
	}
	return ds, s.orAbsent(ctx, tenant, leadID, len(rows))
}

// ConfirmDelivery is described by [leads.Deliveries].
func (s *Store) ConfirmDelivery(ctx context.Context, tenant, key string, receipt leads.Receipt) error {
	if !storable(receipt.ID) {
		return fmt.Errorf("bunstore: confirm delivery: %w: Receipt.ID is not UTF-8 or holds NUL", leads.ErrInvalid)
	}
	return s.exec(ctx, "confirm delivery", s.engine.statements().confirm, validTenant(tenant) && storable(key),
		tenant, key, receipt.ID, s.engine.clock(noTime), s.engine.id(uid{}))
}
