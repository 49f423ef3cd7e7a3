package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/openleads/leads"
)

// Delivery returns the delivery of the mail with that MessageID, or [leads.ErrNotFound]. See [leads.Deliveries].
func (s *Store) Delivery(ctx context.Context, messageID string) (leads.Delivery, error) {
	if err := s.begin(ctx, "delivery"); err != nil {
		return leads.Delivery{}, err
	}
	defer s.mu.Unlock()
	for _, d := range s.tables.deliveries {
		if messageID != "" && d.MessageID == messageID {
			return cloneDelivery(d), nil
		}
	}
	return leads.Delivery{}, leads.ErrNotFound
}

// Deliveries returns the deliveries of a lead, oldest first. See [leads.Deliveries].
func (s *Store) Deliveries(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
	if err := s.beginLead(ctx, "deliveries", key{tenant, leadID}); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var found []leads.Delivery
	for k, d := range s.tables.deliveries {
		if k.tenant == tenant && d.LeadID == leadID {
			found = append(found, cloneDelivery(d))
		}
	}
	slices.SortFunc(found, func(a, b leads.Delivery) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// ConfirmDelivery settles a delivery whose outcome was not known as sent. See [leads.Deliveries].
func (s *Store) ConfirmDelivery(ctx context.Context, tenant, name string, receipt leads.Receipt) error {
	if err := s.begin(ctx, "confirm delivery"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	k := key{tenant, name}
	d, ok := s.tables.deliveries[k]
	if !ok || d.State != leads.DeliveryBegun && d.State != leads.DeliveryAmbiguous {
		return nil
	}
	d.State, d.Provider, d.Error, d.UpdatedAt = leads.DeliverySent, cmp.Or(receipt.ID, d.Provider), "", s.now()
	s.tables.deliveries[k] = settled(d)
	return nil
}
