package restapi

import (
	"time"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/ingest"
)

func shapeSource(s desk.Source) sourceShape {
	shape := sourceShape{
		ID: s.ID, Name: s.Name, WebhookURL: s.URL, FieldMappings: s.Mappings, Preset: s.Preset, Origins: orEmpty(s.Origins), Redirects: orEmpty(s.Redirects),
		PerMinute: s.PerMinute, Trusted: s.Trusted, LastSeenAt: sometime(s.LastSeen), CreatedAt: sometime(s.CreatedAt), CreatedBy: orNull(s.CreatedBy),
		Spam:      spamShape{Honeypot: s.Spam.Honeypot, MinFillSeconds: s.Spam.MinFill.Seconds(), Blocked: orEmpty(s.Spam.Blocked)},
		Consent:   consentForm{s.Consent.Purpose, s.Consent.Wording, s.Consent.Field, s.Consent.DoubleOptIn},
		Signature: signatureShape{Scheme: s.Signature.Scheme, Secret: s.Signature.Secret.IsSet()},
		Captcha:   captchaForm{s.Captcha.Name, s.Captcha.Field, string(s.Captcha.OnOutage)},
	}
	if len(s.Tokens) > 0 {
		shape.WebhookToken = s.Tokens[0]
	}
	if shape.FieldMappings == nil {
		shape.FieldMappings = map[string]string{}
	}
	return shape
}

// sourceBody is what a source is made of. What is left out of a change stays as it is.
type sourceBody struct {
	Name          *string            `json:"name,omitempty"`
	FieldMappings *map[string]string `json:"fieldMappings,omitempty"`
	Preset        *string            `json:"preset,omitempty"`
	Origins       *[]string          `json:"allowedOrigins,omitempty"`
	Redirects     *[]string          `json:"redirects,omitempty"`
	PerMinute     *int               `json:"requestsPerMinute,omitempty"`
	Trusted       *bool              `json:"trusted,omitempty"`
	Spam          *spamBody          `json:"spam,omitempty"`
	Captcha       *captchaForm       `json:"captcha,omitempty"`
	Consent       *consentForm       `json:"consent,omitempty"`
	Signature     *signatureBody     `json:"signature,omitempty"`
}

// spamShape is the spam gate of a source.
type spamShape struct {
	Honeypot       string  `json:"honeypot"`       // the field that people do not see; "" is the default, "-" none
	MinFillSeconds float64 `json:"minFillSeconds"` // 0 is the default, less is none
	// Blocked are email addresses, domains and networks of clients.
	Blocked []string `json:"blocked"`
}

// spamBody changes it.
type spamBody struct {
	Honeypot       *string   `json:"honeypot,omitempty"`
	MinFillSeconds *float64  `json:"minFillSeconds,omitempty"`
	Blocked        *[]string `json:"blocked,omitempty"`
}

func (in spamBody) apply(s *ingest.Spam) {
	set(&s.Honeypot, in.Honeypot)
	set(&s.Blocked, in.Blocked)
	if in.MinFillSeconds != nil {
		s.MinFill = time.Duration(min(max(*in.MinFillSeconds, -1), 1e6) * float64(time.Second))
	}
}

// captchaForm says which of the program's captchas a form has, by its name; "" is none. The keys of the service are the program's.
type captchaForm struct {
	Name     string `json:"name"`
	Field    string `json:"field"`    // the one with the answer; "" is that of the usual widgets
	OnOutage string `json:"onOutage"` // "" quarantines while the service cannot be asked, "accept" takes in
}

// consentForm is what people agree to with a form.
type consentForm struct {
	Purpose     string `json:"purpose"`
	Wording     string `json:"wording"`
	Field       string `json:"field"`
	DoubleOptIn bool   `json:"doubleOptIn"`
}

// signatureBody sets how a sender proves who it is. A new secret goes on beside the former one; "" ends the check.
type signatureBody struct {
	Scheme string  `json:"scheme,omitempty"`
	Secret *string `json:"secret,omitempty"`
}

// apply changes a source.
func (in sourceBody) apply(s *ingest.Source) {
	set(&s.Name, in.Name)
	set(&s.Mappings, in.FieldMappings)
	set(&s.Preset, in.Preset)
	set(&s.Origins, in.Origins)
	set(&s.Redirects, in.Redirects)
	set(&s.PerMinute, in.PerMinute)
	set(&s.Trusted, in.Trusted)
	if in.Spam != nil {
		in.Spam.apply(&s.Spam)
	}
	if c := in.Captcha; c != nil {
		s.Captcha = ingest.CaptchaSettings{Name: c.Name, Field: c.Field, OnOutage: ingest.CaptchaOutage(c.OnOutage)}
	}
	if c := in.Consent; c != nil {
		s.Consent = ingest.Consent{Purpose: c.Purpose, Wording: c.Wording, Field: c.Field, DoubleOptIn: c.DoubleOptIn}
	}
	if in.Signature != nil {
		in.Signature.apply(&s.Signature)
	}
}

func (in signatureBody) apply(s *ingest.Signature) {
	s.Scheme = in.Scheme
	switch {
	case in.Secret == nil:
	case *in.Secret == "":
		s.Secret, s.Previous = ingest.Secret{}, ingest.Secret{}
	case *in.Secret != s.Secret.Reveal():
		s.Secret, s.Previous = ingest.NewSecret(*in.Secret), s.Secret
	}
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

func listSources(c *call) (result, error) {
	all, err := c.api.desk.Sources(c.ctx(), c.user)
	return ok(each(all, shapeSource), err)
}

func (c *call) source(s desk.Source, err error) (result, error) {
	return tagged(shapeSource(s), s.Version, err)
}

func (c *call) sourceVersion() (int64, error) {
	s, err := c.api.desk.Source(c.ctx(), c.user, c.id())
	return s.Version, err
}

func getSource(c *call) (result, error) { return c.source(c.api.desk.Source(c.ctx(), c.user, c.id())) }

func createSource(c *call) (result, error) {
	var in sourceBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	var s ingest.Source
	in.apply(&s)
	return c.source(c.api.desk.CreateSource(c.ctx(), c.user, s))
}

func putSource(c *call) (result, error) {
	var in sourceBody
	if err := c.decode(&in); err != nil {
		return result{}, err
	}
	version, err := c.version(c.sourceVersion)
	if err != nil {
		return result{}, err
	}
	return c.source(c.api.desk.ChangeSource(c.ctx(), c.user, c.id(), version, in.apply))
}

func deleteSource(c *call) (result, error) {
	version, err := c.version(c.sourceVersion)
	if err != nil {
		return result{}, err
	}
	return done(c.api.desk.DeleteSourceVersion(c.ctx(), c.user, c.id(), version))
}

func regenerateToken(c *call) (result, error) {
	q := c.query()
	keep := q.flag("keep")
	if err := q.err(); err != nil {
		return result{}, err
	}
	return c.source(c.api.desk.RotateToken(c.ctx(), c.user, c.id(), keep))
}
