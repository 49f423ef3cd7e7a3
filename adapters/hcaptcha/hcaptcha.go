// Package hcaptcha has the answers to hCaptcha verified at the door.
//
//	leads.Config{Ingest: &ingest.Options{
//	    Captchas: map[string]ingest.Captcha{"hcaptcha": hcaptcha.New(os.Getenv("HCAPTCHA_SECRET"), nil)},
//	}}
//
// The sources whose forms have the widget choose it by that name: ingest.CaptchaSettings{Name: "hcaptcha"}. The widget puts its token
// into the field h-captcha-response, where the door finds it.
package hcaptcha

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

// Endpoint is hCaptcha's.
const Endpoint = "https://api.hcaptcha.com/siteverify"

// Options sets a Verifier. The zero value of each field is its default.
type Options struct {
	// SiteKey is the site key for which the token has to be. "" means any of the account.
	SiteKey string
	// Hostnames are the hosts on whose pages the widget may have been solved. Empty means any that the site key allows.
	Hostnames []string
	// Timeout bounds the request. There is one only: hCaptcha takes no idempotency key, and would call a second one a replay. 0 means 2s.
	Timeout time.Duration
	// Client makes the requests. Nil means one of its own, which follows no redirects.
	Client *http.Client
	// Endpoint is asked in place of hCaptcha's. "" means Endpoint.
	Endpoint string
}

// Verifier is an [ingest.Captcha].
type Verifier struct {
	service captcha.Service
	siteKey string
}

var _ ingest.Captcha = (*Verifier)(nil)

// New returns a Verifier with the secret of an account. Nil opts are the defaults.
func New(secretKey string, opts *Options) *Verifier {
	if opts == nil {
		opts = &Options{}
	}
	v := &Verifier{siteKey: opts.SiteKey, service: captcha.Service{
		Name: "hcaptcha", Endpoint: cmp.Or(opts.Endpoint, Endpoint), Secret: secret.New(secretKey), Client: opts.Client,
		Timeout: cmp.Or(opts.Timeout, 2*time.Second), Tries: 1, Hostnames: slices.Clone(opts.Hostnames),
		// https://docs.hcaptcha.com/#siteverify-error-codes-table: the codes that are not about the token
		OurFaults: []string{
			"missing-input-secret", "invalid-input-secret", "bad-request", "missing-remoteip", "invalid-remoteip", "not-using-dummy-passcode",
			"sitekey-secret-mismatch",
		},
	}}
	if v.service.Client == nil {
		v.service.Client = captcha.NewClient()
	}
	return v
}

// Verify asks hCaptcha. A token is good once and for 120 s. An error means an outage, or a secret or site key that hCaptcha does not
// know.
func (v *Verifier) Verify(ctx context.Context, answer ingest.CaptchaAnswer) (ingest.CaptchaVerdict, error) {
	form := url.Values{"response": {answer.Token}}
	if v.siteKey != "" {
		form.Set("sitekey", v.siteKey)
	}
	if answer.Client.IsValid() {
		form.Set("remoteip", answer.Client.String())
	}
	verdict, err := v.service.Ask(ctx, form)
	return ingest.CaptchaVerdict{OK: verdict.OK, Reason: verdict.Reason}, err
}
