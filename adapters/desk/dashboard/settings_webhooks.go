package dashboard

import (
	"errors"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
)

// webhooksPage lists the endpoints. Secret is that of the one that was just made.
type webhooksPage struct {
	Hooks  []desk.Webhook
	None   bool // the program calls none
	Secret string
	For    string // whose secret it is
	Edit   desk.Webhook
}

func listWebhooks(p *page) error { return p.showWebhooks(webhooksPage{}, nil) }

func (p *page) showWebhooks(data webhooksPage, wrong error) error {
	hooks, err := p.desk().Webhooks(p.ctx(), p.user)
	if errors.Is(err, desk.ErrNoWebhooks) {
		data.None = true
	} else if err != nil {
		return err
	}
	data.Hooks = hooks
	if wrong != nil {
		return p.invalid(lines(wrong), "webhooks", p.part("webhooks", data))
	}
	return p.show("webhooks", p.part("webhooks", data))
}

func changeWebhooks(p *page) error {
	id := p.form("hook")
	switch do := p.form("do"); do {
	case "create":
		w := desk.Webhook{URL: p.form("url"), Description: p.form("description"), Events: values(p.form("events"))}
		made, err := p.desk().CreateWebhook(p.ctx(), p.user, w)
		return p.webhookSecret(made, w, err)
	case "rotate":
		made, err := p.desk().RotateWebhook(p.ctx(), p.user, id)
		return p.webhookSecret(made, desk.Webhook{}, err)
	case "on", "off":
		return p.switchWebhook(id, do)
	case "delete":
		if err := p.desk().DeleteWebhook(p.ctx(), p.user, id); err != nil {
			return err
		}
		return p.done("/settings/webhooks", "webhook.deleted")
	}
	return errForm
}

// webhookSecret shows the secret of an endpoint, once.
func (p *page) webhookSecret(made, asked desk.Webhook, err error) error {
	if errors.Is(err, desk.ErrNoWebhooks) {
		return leads.ErrNotFound
	} else if err != nil && !isInvalid(err) {
		return err
	}
	return p.showWebhooks(webhooksPage{Secret: made.Secret, For: made.URL, Edit: asked}, err)
}

func (p *page) switchWebhook(id, do string) error {
	hooks, err := p.desk().Webhooks(p.ctx(), p.user)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(hooks, func(w desk.Webhook) bool { return w.ID == id })
	if i < 0 {
		return leads.ErrNotFound
	}
	hooks[i].Disabled = do == "off"
	if _, err := p.desk().UpdateWebhook(p.ctx(), p.user, hooks[i]); err != nil {
		return err
	}
	return p.done("/settings/webhooks", "webhook."+do)
}

func isInvalid(err error) bool { return errors.Is(err, leads.ErrInvalid) }

// asInvalid is err if it names its fields, else one that names the given one.
func asInvalid(err error, pointer, message string) error {
	var wrong *desk.InvalidError
	if errors.As(err, &wrong) {
		return err
	}
	return &desk.InvalidError{Fields: []desk.FieldError{{Pointer: pointer, Message: message}}}
}
