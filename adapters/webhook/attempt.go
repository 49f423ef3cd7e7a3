package webhook

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// attempt makes one call and keeps account of failures. It returns the endpoint as it is then.
func (s *Sender) attempt(ctx context.Context, e Endpoint, id string, body []byte) (Endpoint, error) {
	failed := s.call(ctx, e, id, body)
	if failed == nil && e.Failures == 0 {
		return e, nil
	}
	// The account is kept even when the attempt's time has run out.
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	changed, err := s.change(keep, e.Tenant, e.ID, func(stored *Endpoint) error {
		stored.account(failed, s.now(), s.opts.DisableAfter)
		return nil
	})
	if err == nil {
		e = changed
	}
	if failed != nil {
		return e, fmt.Errorf("webhook: %q: %w", e.ID, failed)
	}
	return e, nil
}

// account notes the outcome of a call. An endpoint that is gone (410), or has failed for too long, is switched off.
func (e *Endpoint) account(failed error, now time.Time, limit time.Duration) {
	if failed == nil {
		if !e.Disabled { // else somebody decides
			e.recover()
		}
		return
	}
	e.Failures++
	e.LastError = failed.Error()
	if e.FailingSince.IsZero() {
		e.FailingSince = now
	}
	switch {
	case e.Disabled:
		return
	case gone(failed):
		e.DisabledFor = "It has answered that it is gone (410)"
	case limit > 0 && now.Sub(e.FailingSince) >= limit:
		e.DisabledFor = fmt.Sprintf("It has failed %d times since %s, at last with: %s", e.Failures, e.FailingSince.Format("2 January 2006, 15:04 MST"), e.LastError)
	default:
		return
	}
	e.Disabled, e.DisabledAt = true, now
}

func gone(err error) bool {
	var status notify.StatusError
	return errors.As(err, &status) && status.Code == http.StatusGone
}

// call makes one signed request. By Standard Webhooks every answer but a 2xx is tried again, but for a 410.
func (s *Sender) call(ctx context.Context, e Endpoint, id string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return leads.Permanent(errors.New("its URL is none"))
	}
	now := s.now()
	signatures, err := sign(e.current(now), id, now, body)
	if err != nil {
		return leads.Permanent(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "openleads-webhook/1")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signatures)
	err = notify.Deliver(s.client, req)
	var status notify.StatusError
	if errors.As(err, &status) && !gone(err) {
		return leads.After(status, leads.RetryAfter(err)) // without the mark of a permanent error
	}
	return err
}

// sign makes the header: one signature a secret, separated by blanks.
func sign(secrets []Secret, id string, now time.Time, body []byte) (string, error) {
	if len(secrets) == 0 {
		return "", errors.New("there is no secret to sign with")
	}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signer, err := newSigner(secret.Key)
		if err != nil {
			return "", err
		}
		if signatures[i], err = signer.Sign(id, now, body); err != nil {
			return "", errors.New("the call could not be signed")
		}
	}
	return strings.Join(signatures, " "), nil
}

// newSigner checks a secret: the library takes any length.
func newSigner(key string) (*standardwebhooks.Webhook, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
	if err != nil || len(raw) < 24 || len(raw) > 64 {
		return nil, errors.New(`a secret is "whsec_" and 24 to 64 bytes in base64`)
	}
	return standardwebhooks.NewWebhookRaw(raw)
}
