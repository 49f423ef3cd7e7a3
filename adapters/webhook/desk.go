package webhook

import (
	"context"
	"errors"

	"github.com/openleads/leads/adapters/desk"
)

var _ desk.Webhooks = (*Sender)(nil)

// Webhooks returns the endpoints of a tenant without their secrets. See [desk.Webhooks].
func (s *Sender) Webhooks(ctx context.Context, tenant string) ([]desk.Webhook, error) {
	all, err := s.Endpoints(ctx, tenant)
	found := make([]desk.Webhook, 0, len(all))
	for _, e := range all {
		found = append(found, e.shown(""))
	}
	return found, err
}

// PutWebhook creates an endpoint and returns it with its secret, or changes the one that is there. See [desk.Webhooks].
func (s *Sender) PutWebhook(ctx context.Context, w desk.Webhook) (desk.Webhook, error) {
	made := w.ID == ""
	e, err := s.Put(ctx, Endpoint{Tenant: w.Tenant, ID: w.ID, URL: w.URL, Description: w.Description, Events: w.Events, Disabled: w.Disabled})
	var wrong *fault
	if errors.As(err, &wrong) {
		return desk.Webhook{}, &desk.InvalidError{Fields: []desk.FieldError{{Pointer: "/" + wrong.field, Message: wrong.message}}}
	}
	if err != nil || !made {
		return e.shown(""), err
	}
	return e.shown(e.Secrets[0].Key), nil
}

// RotateWebhook gives an endpoint a new secret; the former one signs beside it for a day. See [desk.Webhooks].
func (s *Sender) RotateWebhook(ctx context.Context, tenant, id string) (desk.Webhook, error) {
	e, err := s.Rotate(ctx, tenant, id, 0)
	if err != nil {
		return desk.Webhook{}, err
	}
	return e.shown(e.Secrets[0].Key), nil
}

// DeleteWebhook removes an endpoint. See [desk.Webhooks].
func (s *Sender) DeleteWebhook(ctx context.Context, tenant, id string) error {
	return s.Delete(ctx, tenant, id)
}

// shown is the endpoint as people see it.
func (e Endpoint) shown(secret string) desk.Webhook {
	return desk.Webhook{
		Tenant: e.Tenant, ID: e.ID, URL: e.URL, Description: e.Description, Events: e.Events, Disabled: e.Disabled, DisabledFor: e.DisabledFor,
		Failures: e.Failures, LastError: e.LastError, Secret: secret,
	}
}
