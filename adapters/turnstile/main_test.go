package turnstile_test

import (
	"context"

	"github.com/openleads/leads/ingest"
)

// source is a Sources of one source, whose form has the captcha.
type source struct{}

func (source) SourceByToken(context.Context, string) (ingest.Source, error) {
	return ingest.Source{Tenant: "t", ID: attempt, Captcha: ingest.CaptchaSettings{Name: "c"}}, nil
}

// keep is a Sink that keeps the last submission.
type keep struct{ sub ingest.Submission }

func (k *keep) Capture(_ context.Context, sub ingest.Submission) error {
	k.sub = sub
	return nil
}
