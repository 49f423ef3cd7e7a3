// Package captcha asks the "siteverify" services of Turnstile and hCaptcha, which are alike, whether the answer to a captcha is good.
package captcha

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads/internal/secret"
)

// maxAnswer bounds what is read of the service's answer, in bytes.
const maxAnswer = 64 << 10

// Service is one such service with the key of one account.
type Service struct {
	Name     string // for errors
	Endpoint string
	Secret   secret.Secret
	Client   *http.Client  // nil means one of its own, without cookies
	Timeout  time.Duration // of one try
	Tries    int           // more than one only for a service that takes an idempotency key
	// Hostnames and Action are what the answer has to be for. Empty means anything.
	Hostnames []string
	Action    string
	// OurFaults are the error codes that say nothing about the visitor.
	OurFaults []string
}

// Verdict is what the service says. Reason is empty or one word.
type Verdict struct {
	OK     bool
	Reason string
}

// answer is what both services answer.
type answer struct {
	Success  *bool    `json:"success"`
	Hostname string   `json:"hostname"`
	Action   string   `json:"action"`
	Codes    []string `json:"error-codes"`
}

// Ask sends the form, with the secret added to it. An error means that there is no verdict; it holds neither the secret nor the token.
func (s *Service) Ask(ctx context.Context, form url.Values) (Verdict, error) {
	if !s.Secret.IsSet() {
		return Verdict{}, fmt.Errorf("%s: the secret is empty", s.Name)
	}
	form.Set("secret", s.Secret.Reveal())
	var got answer
	var err error
	for range max(1, s.Tries) {
		if got, err = s.try(ctx, form); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	return s.judge(&got), nil
}

// judge turns an answer into a verdict.
func (s *Service) judge(got *answer) Verdict {
	switch {
	case !*got.Success && len(got.Codes) > 0:
		return Verdict{Reason: got.Codes[0]}
	case !*got.Success:
		return Verdict{}
	case len(s.Hostnames) > 0 && !slices.ContainsFunc(s.Hostnames, func(h string) bool { return strings.EqualFold(h, got.Hostname) }):
		return Verdict{Reason: "hostname"}
	case s.Action != "" && s.Action != got.Action:
		return Verdict{Reason: "action"}
	}
	return Verdict{OK: true}
}

// try asks once.
func (s *Service) try(ctx context.Context, form url.Values) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, errors.New("the endpoint is no address")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := s.Client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	return s.read(resp)
}

// read reads an answer. What is not one, whatever its status, is no verdict.
func (s *Service) read(resp *http.Response) (answer, error) {
	var got answer
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return got, err
	case len(body) > maxAnswer:
		return got, errors.New("the answer is too long")
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return got, fmt.Errorf("status %d", resp.StatusCode)
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Success == nil {
		return got, fmt.Errorf("status %d with an answer that makes no sense", resp.StatusCode)
	}
	for _, code := range got.Codes {
		if slices.Contains(s.OurFaults, code) {
			return got, fmt.Errorf("refused: %s", code)
		}
	}
	return got, nil
}

// NewClient returns a client that follows no redirects and keeps no cookies.
func NewClient() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
