package adaptertest_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/openleads/leads"
)

// spoilEffects alters the deliveries of a lead.
func spoilEffects(alter func(s *hooked, leadID string, found []leads.Delivery) []leads.Delivery) func(*hooked) {
	return func(s *hooked) {
		s.deliveries = func(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
			found, err := s.Store.Deliveries(ctx, tenant, leadID)
			return alter(s, leadID, found), err
		}
	}
}

// spoilConfirm decides for which deliveries ConfirmDelivery works.
func spoilConfirm(works func(found []leads.Delivery, key string) error) func(*hooked) {
	return func(s *hooked) {
		var leadID string
		s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
			leadID = task.LeadID
			return s.Store.Settle(ctx, task, o)
		}
		s.confirm = func(ctx context.Context, tenant, key string, receipt leads.Receipt) error {
			found, _ := s.Store.Deliveries(ctx, tenant, leadID)
			if err := works(found, key); err != nil {
				return err
			}
			return s.Store.ConfirmDelivery(ctx, tenant, key, receipt)
		}
	}
}

// keepsBodies keeps whatever was ever to be sent.
func keepsBodies(s *hooked) {
	kept := make(map[string][]byte)
	s.settle = func(ctx context.Context, task leads.Task, o leads.Outcome) error {
		for _, d := range o.Deliveries {
			if d.Body != nil {
				kept[d.MessageID] = d.Body
			}
		}
		return s.Store.Settle(ctx, task, o)
	}
	s.delivery = func(ctx context.Context, id string) (leads.Delivery, error) {
		d, err := s.Store.Delivery(ctx, id)
		if d.Body == nil {
			d.Body = kept[id]
		}
		return d, err
	}
}

func brokenEffects() []breakage {
	return []breakage{
		{"keeps what it has sent to several", "deliveries/sent and about no lead", keepsBodies},
		{"brings bodies back", "deliveries/a body that is gone", keepsBodies},
		{"keeps what the provider confirms", "effects/confirmed, about no lead", keepsBodies},
		{"remembers a mail as it was found first", "effects/by message ID", func(s *hooked) {
			first := make(map[string]leads.Delivery)
			s.delivery = func(ctx context.Context, id string) (leads.Delivery, error) {
				d, err := s.Store.Delivery(ctx, id)
				if old, ok := first[id]; ok {
					return old, nil
				}
				first[id] = d
				return d, err
			}
		}},
		{"finds a mail by less than its ID", "effects/no such message", func(s *hooked) {
			s.delivery = func(ctx context.Context, id string) (leads.Delivery, error) {
				return s.Store.Delivery(ctx, strings.Trim(id, "<> "))
			}
		}},
		{"finds one tenant's mails", "effects/of any tenant", func(s *hooked) {
			s.delivery = func(ctx context.Context, id string) (leads.Delivery, error) {
				d, err := s.Store.Delivery(ctx, id)
				if d.Tenant != "acme" {
					return leads.Delivery{}, leads.ErrNotFound
				}
				return d, err
			}
		}},
		{"tells of effects backwards", "effects/of a lead", spoilEffects(func(_ *hooked, _ string, found []leads.Delivery) []leads.Delivery {
			slices.Reverse(found)
			return found
		})},
		{"forgets effects with their tasks", "effects/after their tasks", spoilEffects(func(s *hooked, leadID string, found []leads.Delivery) []leads.Delivery {
			tasks, _ := s.Tasks(context.Background(), "acme", leadID)
			return slices.DeleteFunc(found, func(d leads.Delivery) bool {
				return !slices.ContainsFunc(tasks, func(t leads.Task) bool { return t.ID == d.TaskID })
			})
		})},
		{"knows no effects of nobody", "effects/no such lead", func(s *hooked) {
			s.deliveries = func(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
				found, err := s.Store.Deliveries(ctx, tenant, leadID)
				if leads.IsNotFound(err) {
					err = nil
				}
				return found, err
			}
		}},
		{"chokes on a bad ID of effects", "effects/malformed IDs", func(s *hooked) {
			s.deliveries = func(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
				if err := uuid.Validate(leadID); err != nil {
					return nil, err
				}
				return s.Store.Deliveries(ctx, tenant, leadID)
			}
		}},
		{"confirms nothing ambiguous", "effects/confirmed", func(s *hooked) {
			s.confirm = func(ctx context.Context, tenant, key string, receipt leads.Receipt) error {
				if key == string(leads.DeliveryAmbiguous) {
					return nil
				}
				return s.Store.ConfirmDelivery(ctx, tenant, key, receipt)
			}
		}},
		{"drops the receipt", "effects/confirmed", func(s *hooked) {
			s.confirm = func(ctx context.Context, tenant, key string, _ leads.Receipt) error {
				return s.Store.ConfirmDelivery(ctx, tenant, key, leads.Receipt{})
			}
		}},
		{"forgets what the provider called it", "effects/with its receipt", spoilEffects(func(_ *hooked, _ string, found []leads.Delivery) []leads.Delivery {
			for i := range found {
				if found[i].State == leads.DeliverySent && found[i].Provider == "first" {
					found[i].Provider = ""
				}
			}
			return found
		})},
		{"confirms everything", "effects/settled before", confirmsAll},
		{"confirms only what is there", "effects/nothing to confirm", spoilConfirm(func(found []leads.Delivery, key string) error {
			if slices.ContainsFunc(found, func(d leads.Delivery) bool { return d.Key == key }) {
				return nil
			}
			return leads.ErrNotFound
		})},
		{"confirms after its caller has given up", "effects/ended context", func(s *hooked) {
			s.confirm = func(ctx context.Context, tenant, key string, receipt leads.Receipt) error {
				return errors.Join(s.Store.ConfirmDelivery(context.WithoutCancel(ctx), tenant, key, receipt), ctx.Err())
			}
		}},
		{"shares deliveries", "effects/memory", func(s *hooked) {
			var shared []leads.Delivery
			s.deliveries = func(ctx context.Context, tenant, leadID string) ([]leads.Delivery, error) {
				if shared == nil {
					shared, _ = s.Store.Deliveries(ctx, tenant, leadID)
				}
				return shared, nil
			}
		}},
	}
}

func confirmsAll(s *hooked) {
	confirmed := make(map[string]bool)
	s.confirm = func(_ context.Context, _, key string, _ leads.Receipt) error {
		confirmed[key] = true
		return nil
	}
	spoilEffects(func(_ *hooked, _ string, found []leads.Delivery) []leads.Delivery {
		for i := range found {
			if confirmed[found[i].Key] {
				found[i].State = leads.DeliverySent
			}
		}
		return found
	})(s)
}
