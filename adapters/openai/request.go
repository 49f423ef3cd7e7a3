package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/score"
)

// maxBody is how much of a response is read, in bytes.
const maxBody = 64 << 10

// body is the request.
type body struct {
	Model               string         `json:"model"`
	Messages            []message      `json:"messages"`
	ResponseFormat      any            `json:"response_format,omitempty"`
	Temperature         *float64       `json:"temperature,omitempty"`
	MaxTokens           int            `json:"max_tokens,omitempty"`
	MaxCompletionTokens int            `json:"max_completion_tokens,omitempty"`
	Provider            map[string]any `json:"provider,omitempty"` // OpenRouter
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// result is a usable reply.
type result struct {
	answer score.Answer
	usage  usage
}

// ask goes through the formats from the one that worked last, with one more attempt where a server asks for patience.
func (s *Scorer) ask(ctx context.Context, tenant string, brief *score.Brief) (result, error) {
	retried := false
	for mode := int(s.mode.Load()); ; {
		r, err := s.try(ctx, tenant, brief, formats[mode])
		var refused *statusError
		errors.As(err, &refused)
		switch {
		case err == nil:
			s.mode.Store(int32(mode))
			return r, nil
		case refused != nil && refused.format && s.opts.Format == FormatAuto && mode < len(formats)-1:
			mode++
		case !retried && !leads.IsPermanent(err) && !errors.Is(err, ErrReply) && !errors.Is(err, ErrBudget) && pause(ctx, leads.RetryAfter(err)):
			retried = true
		default:
			return result{}, err
		}
	}
}

// maxPause is how long a call waits for a second attempt; beyond that the engine's queue is the better place to wait.
const maxPause = 2 * time.Second

// pause waits as long as the server asked for, if that is not too long and leaves time to ask again.
func pause(ctx context.Context, asked time.Duration) bool {
	wait := max(asked, 250*time.Millisecond)
	if deadline, ok := ctx.Deadline(); wait > maxPause || ok && time.Until(deadline) < 2*wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// try makes one request within the budget.
func (s *Scorer) try(ctx context.Context, tenant string, brief *score.Brief, format Format) (result, error) {
	payload, err := json.Marshal(s.body(brief, format))
	if err != nil {
		return result{}, leads.Permanent(errors.New("the request cannot be encoded"))
	}
	// No tokeniser makes more than one token of a byte, so the budget holds whatever the server counts.
	held, err := s.budget.reserve(tenant, len(payload)+s.opts.MaxTokens, s.opts.Clock())
	if err != nil {
		return result{}, err
	}
	text, err := s.post(ctx, payload)
	if unbilled(err) {
		held.settle(0)
	}
	if err != nil {
		return result{}, err
	}
	r, err := parse(text)
	if total := r.usage.Input + r.usage.Output; total > 0 {
		held.settle(total)
	}
	return r, err
}

// unbilled reports whether a request failed in a way for which nobody charges: it did not arrive or was answered with an error.
func unbilled(err error) bool {
	var status *statusError
	var op *net.OpError
	return errors.As(err, &status) || errors.As(err, &op) && op.Op == "dial"
}

func (s *Scorer) body(brief *score.Brief, format Format) body {
	b := body{
		Model: s.model, Temperature: s.opts.Temperature,
		Messages: []message{{Role: "system", Content: brief.System}, {Role: "user", Content: brief.Lead}},
	}
	switch format {
	case FormatSchema:
		b.ResponseFormat = map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "lead_score", "strict": true, "schema": brief.Schema}}
		if s.is("openrouter.ai") { // else it may choose a provider that does not know the format
			b.Provider = map[string]any{"require_parameters": true}
		}
	case FormatObject:
		b.ResponseFormat = map[string]any{"type": "json_object"}
	}
	if s.is("openai.com") || s.is("azure.com") { // the reasoning models refuse the old name
		b.MaxCompletionTokens = s.opts.MaxTokens
	} else {
		b.MaxTokens = s.opts.MaxTokens
	}
	return b
}

// is reports whether the server is of a domain.
func (s *Scorer) is(domain string) bool {
	return s.host == domain || strings.HasSuffix(s.host, "."+domain)
}

// post sends a request and returns the body of a good response.
func (s *Scorer) post(ctx context.Context, payload []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(payload))
	if err != nil {
		return nil, leads.Permanent(errors.New("the request cannot be made"))
	}
	for name, values := range s.opts.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	switch {
	case !s.key.IsSet():
	case s.is("azure.com"):
		req.Header.Set("Api-Key", s.key.Reveal())
	default:
		req.Header.Set("Authorization", "Bearer "+s.key.Reveal())
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	switch {
	case res.StatusCode != http.StatusOK:
		return nil, refusal(res, text)
	case err != nil:
		return nil, unreachable(ctx, err)
	case len(text) > maxBody:
		return nil, errTooLong
	}
	return text, nil
}
