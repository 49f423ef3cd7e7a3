package restapi

import (
	"github.com/openleads/leads/adapters/desk"
)

// webhookShape is an endpoint that is called when something happens.
type webhookShape struct {
	ID             string   `json:"id"`
	URL            string   `json:"url"`
	Description    string   `json:"description"`
	Events         []string `json:"events"` // empty means all
	Active         bool     `json:"active"`
	DisabledReason string   `json:"disabledReason,omitempty"` // why it was switched off for its failures
	Failures       int      `json:"failures"`                 // since the last success
	LastError      string   `json:"lastError,omitempty"`
	Secret         string   `json:"secret,omitempty"` // only when it is made
}

func shapeWebhook(w desk.Webhook) webhookShape {
	return webhookShape{
		ID: w.ID, URL: w.URL, Description: w.Description, Events: orEmpty(w.Events), Active: !w.Disabled, DisabledReason: w.DisabledFor,
		Failures: w.Failures, LastError: w.LastError, Secret: w.Secret,
	}
}

// webhookBody is what an endpoint is made of. What is left out of a change stays as it is.
type webhookBody struct {
	URL         *string   `json:"url,omitempty"`
	Description *string   `json:"description,omitempty"`
	Events      *[]string `json:"events,omitempty"`
	Active      *bool     `json:"active,omitempty"`
}

func (in webhookBody) apply(w *desk.Webhook) {
	set(&w.URL, in.URL)
	set(&w.Description, in.Description)
	set(&w.Events, in.Events)
	if in.Active != nil {
		w.Disabled = !*in.Active
	}
}

// webhook answers an endpoint. Its ETag is made of what can be changed, not of how its calls fare.
func (c *call) webhook(w desk.Webhook, err error) (result, error) {
	tag, _ := digest(webhookShape{URL: w.URL, Description: w.Description, Events: w.Events, Active: !w.Disabled}) // texts always encode
	shown := shapeWebhook(w)
	kept := shown
	kept.Secret = ""
	return result{body: shown, etag: tag, kept: kept}, err
}

func listWebhooks(c *call) (result, error) {
	all, err := c.api.desk.Webhooks(c.ctx(), c.user)
	return ok(each(all, shapeWebhook), err)
}

func createWebhook(c *call) (result, error) {
	var in webhookBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	var w desk.Webhook
	in.apply(&w)
	return c.webhook(c.api.desk.CreateWebhook(c.ctx(), c.user, w))
}

func getWebhook(c *call) (result, error) {
	return c.webhook(c.api.desk.Webhook(c.ctx(), c.user, c.id()))
}

func putWebhook(c *call) (result, error) {
	var in webhookBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	w, err := c.unchangedWebhook()
	if err != nil {
		return result{}, err
	}
	in.apply(&w)
	return c.webhook(c.api.desk.UpdateWebhook(c.ctx(), c.user, w))
}

// unchangedWebhook reads the endpoint and holds If-Match against it.
func (c *call) unchangedWebhook() (desk.Webhook, error) {
	w, err := c.api.desk.Webhook(c.ctx(), c.user, c.id())
	if err != nil {
		return w, err
	}
	now, err := c.webhook(w, nil)
	if err == nil {
		err = c.unchanged(now.etag)
	}
	return w, err
}

func deleteWebhook(c *call) (result, error) {
	if _, err := c.unchangedWebhook(); err != nil {
		return result{}, err
	}
	return done(c.api.desk.DeleteWebhook(c.ctx(), c.user, c.id()))
}

func rotateWebhook(c *call) (result, error) {
	return c.webhook(c.api.desk.RotateWebhook(c.ctx(), c.user, c.id()))
}
