package restapi

import (
	"github.com/openleads/leads/adapters/desk"
)

type sourceShape struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	WebhookToken  string            `json:"webhookToken"`
	WebhookURL    string            `json:"webhookUrl"`
	FieldMappings map[string]string `json:"fieldMappings"`
	Preset        string            `json:"preset,omitempty"`
	Origins       []string          `json:"allowedOrigins"`
	Redirects     []string          `json:"redirects"`
	PerMinute     int               `json:"requestsPerMinute"`
	Trusted       bool              `json:"trusted"`
	LastSeenAt    sometime          `json:"lastSeenAt"`
	Spam          spamShape         `json:"spam"`
	Captcha       captchaForm       `json:"captcha"`
	Consent       consentForm       `json:"consent"`
	Signature     signatureShape    `json:"signature"`
	CreatedAt     sometime          `json:"createdAt"`
	CreatedBy     *string           `json:"createdBy"`
}

// signatureShape tells whether senders are checked, and not with what.
type signatureShape struct {
	Scheme string `json:"scheme"`
	Secret bool   `json:"secret"`
}

type keyShape struct {
	ID        string   `json:"id"`
	Label     string   `json:"label"`
	Scope     string   `json:"scope"`
	Active    bool     `json:"active"`
	Hint      string   `json:"hint"`
	ExpiresAt sometime `json:"expiresAt"`
	CreatedAt moment   `json:"createdAt"`
	CreatedBy string   `json:"createdBy"`
	Key       string   `json:"key,omitempty"` // only when it is made
}

func shapeKey(k desk.Key, secret string) keyShape {
	return keyShape{
		ID: k.ID, Label: k.Label, Scope: string(k.Scope), Active: k.Active, Hint: k.Hint, ExpiresAt: sometime(k.ExpiresAt), CreatedAt: moment(k.CreatedAt),
		CreatedBy: k.CreatedBy, Key: secret,
	}
}

type pipelineShape struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	IsDefault bool         `json:"isDefault"`
	CreatedAt sometime     `json:"createdAt"` // null for the default one
	Stages    []desk.Stage `json:"stages"`
}

func shapePipeline(p desk.Pipeline) pipelineShape {
	return pipelineShape{ID: p.ID, Name: p.Name, IsDefault: p.IsDefault, CreatedAt: sometime(p.CreatedAt), Stages: orEmpty(p.Stages)}
}
