// Package turnstile has the answers to Cloudflare's Turnstile verified at the door.
//
//	leads.Config{Ingest: &ingest.Options{
//	    Captchas: map[string]ingest.Captcha{"turnstile": turnstile.New(os.Getenv("TURNSTILE_SECRET"), nil)},
//	}}
//
// The sources whose forms have the widget choose it by that name: ingest.CaptchaSettings{Name: "turnstile"}. The widget puts its token
// into the field cf-turnstile-response, where the door finds it.
package turnstile

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/captcha"
	"github.com/openleads/leads/internal/secret"
)

// Endpoint is Cloudflare's.
const Endpoint = "https://challenges.cloudflare.com/turnstile/v0/siteverify"

// Options sets a Verifier. The zero value of each field is its default.
type Options struct {
	// Hostnames are the hosts on whose pages the widget may have been solved. Empty means any that the widget itself allows.
	Hostnames []string
	// Action is what the widget's data-action has to be. "" means anything.
	Action string
	// Timeout bounds one try; there are two, within the time that the door gives. 0 means 1s.
	Timeout time.Duration
	// Client makes the requests. Nil means one of its own, which follows no redirects.
	Client *http.Client
	// Endpoint is asked in place of Cloudflare's. "" means Endpoint.
	Endpoint string
}

// Verifier is an [ingest.Captcha].
type Verifier struct{ service captcha.Service }

var _ ingest.Captcha = (*Verifier)(nil)

// New returns a Verifier with the secret key of a widget. Nil opts are the defaults.
func New(secretKey string, opts *Options) *Verifier {
	if opts == nil {
		opts = &Options{}
	}
	v := &Verifier{captcha.Service{
		Name: "turnstile", Endpoint: cmp.Or(opts.Endpoint, Endpoint), Secret: secret.New(secretKey), Client: opts.Client,
		Timeout: cmp.Or(opts.Timeout, time.Second), Tries: 2, Hostnames: slices.Clone(opts.Hostnames), Action: opts.Action,
		// https://developers.cloudflare.com/turnstile/get-started/server-side-validation: the codes that are not about the token
		OurFaults: []string{"missing-input-secret", "invalid-input-secret", "bad-request", "internal-error"},
	}}
	if v.service.Client == nil {
		v.service.Client = captcha.NewClient()
	}
	return v
}

// Verify asks Cloudflare. A token is good once and for 300 s; the attempt goes along as the idempotency key, so that a retry of ours,
// or of the form's, is told the same as the first time. An error means an outage, or a secret that Cloudflare does not know.
func (v *Verifier) Verify(ctx context.Context, answer ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) {
	form := url.Values{"response": {answer.Token}}
	if answer.Attempt != "" {
		form.Set("idempotency_key", answer.Attempt)
	}
	if answer.Client.IsValid() {
		form.Set("remoteip", answer.Client.String())
	}
	verdict, err := v.service.Ask(ctx, form)
	return ingest.CaptchaVerdict{OK: verdict.OK, Reason: verdict.Reason}, err
}
