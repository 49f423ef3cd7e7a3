package desk

import (
	"context"
	"errors"
	"slices"

	"github.com/openleads/leads"
)

// ErrNoWebhooks says that the program calls no webhooks: Config.Webhooks is nil.
var ErrNoWebhooks = errors.New("desk: this program calls no webhooks")

// Webhooks keeps the endpoints that are called when something happens to a lead. Its methods stay within the tenant, may be called
// concurrently, and return [leads.ErrNotFound] for an endpoint that there is not and an error that wraps [leads.ErrInvalid], which says what is
// wrong, for what cannot be an endpoint; best an [*InvalidError], which names the field.
type Webhooks interface {
	// Webhooks returns the endpoints of a tenant in the order of their IDs, without secrets.
	Webhooks(ctx context.Context, tenant string) ([]Webhook, error)
	// PutWebhook creates an endpoint (an empty ID is made) and returns it with its Secret, or replaces the URL, Description, Events and Disabled
	// of the one that is there.
	PutWebhook(ctx context.Context, w Webhook) (Webhook, error)
	// RotateWebhook gives an endpoint a new secret, and returns it with that. The former one goes on to sign beside it for a day.
	RotateWebhook(ctx context.Context, tenant, id string) (Webhook, error)
	// DeleteWebhook removes an endpoint.
	DeleteWebhook(ctx context.Context, tenant, id string) error
}

// Webhook is an endpoint that is called when something happens.
type Webhook struct {
	Tenant      string
	ID          string // 1 to 40 lower-case letters, digits and "-"
	URL         string
	Description string
	Events      []string // the types that it wants, "lead.new"; empty means all
	Disabled    bool
	// DisabledFor says why it was switched off for its failures; "" when somebody did it.
	DisabledFor string
	Failures    int    // since the last success
	LastError   string // of the newest failure
	// Secret is what its calls are signed with. It is set only where it was just made.
	Secret string
}

// Webhooks returns the tenant's endpoints. For admins.
func (d *Desk) Webhooks(ctx context.Context, u User) ([]Webhook, error) {
	w, err := d.webhooks(u)
	if err != nil {
		return nil, err
	}
	all, err := w.Webhooks(ctx, u.Tenant)
	for i := range all {
		all[i].Secret = ""
	}
	return all, wrap("webhooks", err)
}

// Webhook returns one endpoint. For admins.
func (d *Desk) Webhook(ctx context.Context, u User, id string) (Webhook, error) {
	all, err := d.Webhooks(ctx, u)
	if err != nil {
		return Webhook{}, err
	}
	if i := slices.IndexFunc(all, func(w Webhook) bool { return w.ID == id }); i >= 0 {
		return all[i], nil
	}
	return Webhook{}, leads.ErrNotFound
}

// CreateWebhook makes an endpoint and returns it with its secret. For admins.
func (d *Desk) CreateWebhook(ctx context.Context, u User, w Webhook) (Webhook, error) {
	w.ID = ""
	return d.putWebhook(ctx, u, "webhook.create", w)
}

// UpdateWebhook replaces the URL, Description, Events and Disabled of an endpoint. For admins.
func (d *Desk) UpdateWebhook(ctx context.Context, u User, w Webhook) (Webhook, error) {
	if _, err := d.Webhook(ctx, u, w.ID); err != nil {
		return Webhook{}, err
	}
	stored, err := d.putWebhook(ctx, u, "webhook.update", w)
	stored.Secret = ""
	return stored, err
}

func (d *Desk) putWebhook(ctx context.Context, u User, action string, w Webhook) (Webhook, error) {
	hooks, err := d.webhooks(u)
	if err != nil {
		return Webhook{}, err
	}
	w.Tenant = u.Tenant
	stored, err := hooks.PutWebhook(ctx, w)
	var named *InvalidError
	if errors.As(err, &named) {
		return Webhook{}, named
	} else if errors.Is(err, leads.ErrInvalid) {
		var c check
		c.said("", plainly(err))
		return Webhook{}, c.err()
	} else if err != nil {
		return Webhook{}, wrap("put webhook", err)
	}
	d.audit(ctx, u, action, stored.ID, nil)
	return stored, nil
}

// RotateWebhook gives an endpoint a new secret and returns it with that. For admins.
func (d *Desk) RotateWebhook(ctx context.Context, u User, id string) (Webhook, error) {
	if _, err := d.Webhook(ctx, u, id); err != nil {
		return Webhook{}, err
	}
	w, err := d.cfg.Webhooks.RotateWebhook(ctx, u.Tenant, id)
	if err != nil {
		return Webhook{}, wrap("rotate webhook", err)
	}
	d.audit(ctx, u, "webhook.rotate", id, nil)
	return w, nil
}

// DeleteWebhook removes an endpoint. For admins.
func (d *Desk) DeleteWebhook(ctx context.Context, u User, id string) error {
	if _, err := d.Webhook(ctx, u, id); err != nil {
		return err
	}
	if err := d.cfg.Webhooks.DeleteWebhook(ctx, u.Tenant, id); err != nil {
		return wrap("delete webhook", err)
	}
	d.audit(ctx, u, "webhook.delete", id, nil)
	return nil
}

func (d *Desk) webhooks(u User) (Webhooks, error) {
	if err := may(u, Admin); err != nil {
		return nil, err
	}
	if d.cfg.Webhooks == nil {
		return nil, ErrNoWebhooks
	}
	return d.cfg.Webhooks, nil
}
