// Package openai has leads judged by a language model behind any server that speaks the OpenAI API: OpenAI, Azure, Ollama, llama.cpp, vLLM,
// OpenRouter, Groq, Mistral and others.
//
//	scorer := score.Fallback{openai.New(baseURL, key, model, nil), score.DefaultRubric()}
//	engine, err := leads.New(leads.Config{Store: store, Scorer: scorer})
//
// The model never writes the number. It picks levels of a rubric's criteria and quotes the lead's own words for each; package score checks the
// quotes and computes the rest (see [score.Brief]). It gets no tools, no other leads, and of this one no name, address or phone
// number. Behind [score.Fallback] a lead is scored at once even when the model is away.
//
// Read on: [Options] for budget, prices and time; docs/scoring.md for the whole contract with the model.
package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/secret"
	"github.com/openleads/leads/score"
)

// Errors that a caller may want to tell apart. What a server says of itself is never in an error, since it may repeat the lead or the key.
var (
	// ErrBudget means that the tenant's tokens of this day are spent. It comes with the time until midnight UTC (see [leads.RetryAfter]).
	ErrBudget = errors.New("the token budget of the day is spent")
	// ErrReply means that the server's answer was cut off, too long, or nothing of it could be used.
	ErrReply = errors.New("the reply could not be used")
)

// Scorer asks a model. It is made by [New] and may be used concurrently.
type Scorer struct {
	endpoint string
	host     string
	model    string
	key      secret.Secret
	opts     Options
	client   *http.Client
	rubric   *score.Rubric
	mode     atomic.Int32 // the format that worked last
	budget   budget
	cache    *cache
	faults   []error
}

// New returns a scorer that asks the model at a server.
//
// baseURL is what the server's documentation calls so, with the version in it: "https://api.openai.com/v1", which is also what "" means,
// "http://localhost:11434/v1"; where it has no path, /v1 is added. For Azure it is the deployment's URL with its api-version:
// "https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT?api-version=2024-10-21". key may be "" for servers that want
// none. A nil opts means the defaults. Mistakes are told by [Scorer.Check], and permanently by every call.
func New(baseURL, key, model string, opts *Options) *Scorer {
	s := &Scorer{model: model, key: secret.New(key)}
	if opts != nil {
		s.opts = *opts
	}
	s.opts = s.opts.withDefaults()
	s.rubric = s.opts.Rubric
	s.budget.limit = s.opts.DailyTokens
	s.cache = newCache(s.opts.CacheSize)
	s.mode.Store(int32(s.opts.Format.first()))
	s.client = noDetours(s.opts.Client)
	var fault error
	s.endpoint, s.host, fault = endpoint(baseURL)
	s.faults = s.opts.validate(model, fault)
	return s
}

// Score asks the model about the lead, or takes its earlier answer to the same question, and makes the score of it. It takes at most
// Options.Timeout. Errors are permanent where asking again cannot help: a bad key (401, 403), an unknown model (404), a request that is
// refused in every format, a mistake in the options; a model that declines returns [score.ErrDeclined]. All others may be tried again:
// 429 and 5xx (with what the server's Retry-After asks for), time-outs, a server that cannot be reached, [ErrBudget] and [ErrReply].
func (s *Scorer) Score(ctx context.Context, lead leads.Lead) (leads.Score, error) {
	if len(s.faults) > 0 {
		return leads.Score{}, leads.Permanent(errors.Join(s.faults...))
	}
	brief, err := s.rubric.Brief(lead)
	if err != nil {
		return leads.Score{}, err
	}
	key, now := lead.Tenant+"\x00"+brief.Digest, s.opts.Clock()
	if answer, ok := s.cache.get(key, now); ok {
		return brief.Judge(answer, leads.ModelUse{Name: s.model, Cached: true}), nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	r, err := s.ask(ctx, lead.Tenant, brief)
	if err != nil {
		return leads.Score{}, fmt.Errorf("openai: %w", err)
	}
	s.cache.add(key, now, r.answer)
	use := leads.ModelUse{Name: s.model, InputTokens: r.usage.Input, OutputTokens: r.usage.Output, CostMicros: s.opts.Prices.cost(r.usage)}
	return brief.Judge(r.answer, use), nil
}

// Check reports mistakes in what New was given. It asks nobody.
func (s *Scorer) Check(context.Context) []leads.Finding {
	var findings []leads.Finding
	for _, err := range s.faults {
		findings = append(findings, leads.Finding{Fatal: true, Part: "scorer", Message: err.Error(), Fix: "see openai.New"})
	}
	if len(s.faults) == 0 && s.key.IsSet() && exposed(s.endpoint) {
		findings = append(findings, leads.Finding{
			Part: "scorer", Message: "openai: the key and what leads wrote go over plain http to another machine", Fix: "use an https URL",
		})
	}
	if limit := s.opts.DailyTokens; limit > 0 && limit < leastBudget {
		findings = append(findings, leads.Finding{
			Part: "scorer", Message: fmt.Sprintf("openai: Options.DailyTokens is %d, which may be less than one call", limit), Fix: fmt.Sprintf("at least %d", leastBudget),
		})
	}
	return findings
}

// leastBudget is more than a call with the default rubric sets aside: prompt and schema, 4 KiB of lead, the reply.
const leastBudget = 20_000

// String names the scorer and its model.
func (s *Scorer) String() string { return "openai:" + s.model }

// Spent returns how many tokens of this UTC day's budget a tenant has used, those of calls under way included.
func (s *Scorer) Spent(tenant string) int { return s.budget.spent(tenant, s.opts.Clock()) }

// cost is the price of a call in millionths.
func (p Prices) cost(u usage) int {
	return int(p.InputPerMillion*float64(u.Input) + p.OutputPerMillion*float64(u.Output) + .5)
}

// untilMidnight is how long the budget of the day stays spent.
func untilMidnight(now time.Time) time.Duration {
	now = now.UTC()
	return now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
}
