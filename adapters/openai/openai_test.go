package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	url, _ := fake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, picks("demo", "none", "")) })
	adaptertest.TestScorer(t, openai.New(url, "", "m", nil))
}

func TestModelPicksAndCodeCounts(t *testing.T) {
	t.Parallel()
	url, _ := fake(t, func(w http.ResponseWriter, _ int, r request) {
		if r.path != "/v1/chat/completions" || r.header.Get("Authorization") != "Bearer sk-key" || r.Format.Type != "json_schema" || !r.Format.Schema.Strict {
			t.Errorf("an unexpected request to %s: %s", r.path, r.raw)
		}
		if strings.Contains(r.raw, "ann@acme.com") || strings.Contains(r.raw, "Smith") || strings.Contains(r.raw, "1234567") || strings.Contains(r.raw, "tools") || strings.Contains(r.raw, "temperature") {
			t.Errorf("more than is needed is sent: %s", r.raw)
		}
		if want := "fact email.class: business\nlead wrote company: Acme\nlead wrote message: " + wish + "\n"; r.lead(t) != want {
			t.Errorf("the model is shown %q", r.lead(t))
		}
		says(w, picks("demo", "asked", "let our team   EXPERIENCE the platform"))
	})
	rules, err := score.DefaultRubric().Score(t.Context(), ann())
	require.NoError(t, err)
	s, err := openai.New(url, "sk-key", "gpt-x", &openai.Options{Prices: openai.Prices{InputPerMillion: 0.15, OutputPerMillion: 0.6}}).Score(t.Context(), ann())
	require.NoError(t, err)
	require.Equal(t, rules.Value+16, s.Value)
	require.Equal(t, "model", s.By)
	require.Equal(t, score.DefaultRubric().Hash(), s.Rubric)
	require.Equal(t, "Ann of Acme wants to see it. She is in a hurry.", s.Summary)
	require.Equal(t, "Call Ann today.", s.NextStep)
	require.Equal(t, leads.Evidence{
		Criterion: "demo", Level: "asked", Points: 16, Max: 16, Reason: "asks for a demo, a trial or a call", Quote: "let our team EXPERIENCE the platform", By: "model",
	}, on(t, s, "demo"))
	require.Equal(t, "rule", on(t, s, "price").By)
	require.Len(t, s.Model.Input, 32)
	s.Model.Input = ""
	require.Equal(t, leads.ModelUse{Name: "gpt-x", Prompt: score.PromptVersion, InputTokens: 900, OutputTokens: 100, CostMicros: 195}, s.Model)
	sum := 0
	for _, e := range s.Evidence {
		sum += e.Points
	}
	require.Equal(t, s.Value, sum)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	fenced := "Sure! Here {is} it:\n```json\n" + picks("demo", "asked", "we are ready to sign") + "\n```\nAnything else?"
	cases := map[string]struct {
		refuse map[string]int // format → status
		text   string
		first  int // requests of the first call, of the second
		second int
		last   string
	}{
		"takes schemas":             {nil, "", 1, 1, "json_schema"},
		"refuses schemas":           {map[string]int{"json_schema": 400}, "", 2, 1, "json_object"},
		"refuses schemas with 500":  {map[string]int{"json_schema": 500}, "", 2, 1, "json_object"},
		"refuses both":              {map[string]int{"json_schema": 400, "json_object": 400}, "", 3, 1, ""},
		"refuses both, 404 and 422": {map[string]int{"json_schema": 404, "json_object": 422}, "", 3, 1, ""},
		"ignores them":              {nil, fenced, 1, 1, "json_schema"},
		"refuses both, then fences": {map[string]int{"json_schema": 400, "json_object": 400}, fenced, 3, 1, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			last := "?"
			url, calls := fake(t, func(w http.ResponseWriter, _ int, r request) {
				mu.Lock()
				defer mu.Unlock()
				last = r.Format.Type
				if status := c.refuse[last]; status != 0 {
					fails(w, status, `{"error":{"message":"response_format is not supported"}}`)
					return
				}
				if c.text != "" {
					says(w, c.text)
					return
				}
				says(w, picks("demo", "asked", "we are ready to sign"))
			})
			scorer := openai.New(url, "k", "m", &openai.Options{CacheSize: -1})
			for _, want := range []int{c.first, c.second} {
				before := int(calls.Load())
				s, err := scorer.Score(t.Context(), ann())
				require.NoError(t, err)
				require.Equal(t, "model", on(t, s, "demo").By)
				require.Equal(t, want, int(calls.Load())-before)
			}
			require.Equal(t, c.last, last)
		})
	}
}

func TestFormatChosenByTheHost(t *testing.T) {
	t.Parallel()
	url, calls := fake(t, func(w http.ResponseWriter, _ int, r request) { fails(w, 400, `{"error":{"code":"bad_format"}}`) })
	_, err := openai.New(url, "k", "m", &openai.Options{Format: openai.FormatObject}).Score(t.Context(), ann())
	require.EqualError(t, err, "openai: the server answered 400 (bad_format)")
	require.True(t, leads.IsPermanent(err))
	require.EqualValues(t, 1, calls.Load())
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status    int
		after     string
		calls     int
		permanent bool
		asked     time.Duration
	}{
		"bad key":            {401, "", 1, true, 0},
		"forbidden":          {403, "", 1, true, 0},
		"no such model":      {404, "", 1, true, 0},
		"bad in any format":  {400, "", 3, true, 0},
		"too many, wait":     {429, "30", 1, false, 30 * time.Second},
		"too many, soon":     {429, "0.3", 2, false, 300 * time.Millisecond},
		"too many, silent":   {429, "", 2, false, 0},
		"too many, for ever": {429, "99999999999", 1, false, 24 * time.Hour},
		"too many, nonsense": {429, "NaN", 2, false, 0},
		"internal":           {500, "", 2, false, 0},
		"away":               {503, "120", 1, false, 2 * time.Minute},
		"no content":         {204, "", 2, false, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, calls := fake(t, func(w http.ResponseWriter, _ int, r request) {
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				if c.status == 204 {
					w.WriteHeader(204)
					return
				}
				fails(w, c.status, `{"error":{"message":"Incorrect API key sk-key-1234567890abcdef. Input: `+wish+`","code":"sk-key-1234567890abcdef","type":"some_error"}}`)
			})
			scorer := openai.New(url, "sk-key-1234567890abcdef", "m", nil)
			s, err := scorer.Score(t.Context(), ann())
			require.Zero(t, s)
			require.Equal(t, c.permanent, leads.IsPermanent(err), err)
			require.Equal(t, c.asked, leads.RetryAfter(err))
			require.EqualValues(t, c.calls, calls.Load())
			require.NotContains(t, err.Error(), "sk-key")
			require.NotContains(t, err.Error(), "ready to sign")
			require.NotContains(t, err.Error(), "127.0.0.1")
			require.Zero(t, scorer.Spent("acme"), "nobody charges for an error")
		})
	}
}

func TestOneMoreAttempt(t *testing.T) {
	t.Parallel()
	url, calls := fake(t, func(w http.ResponseWriter, n int, r request) {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			fails(w, 429, "")
			return
		}
		says(w, picks("demo", "asked", "we are ready to sign"))
	})
	began := time.Now()
	s, err := openai.New(url, "k", "m", nil).Score(t.Context(), ann())
	require.NoError(t, err)
	require.Equal(t, "model", s.By)
	require.EqualValues(t, 2, calls.Load())
	require.GreaterOrEqual(t, time.Since(began), time.Second)
}

func TestDeclined(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"refusal": `{"choices":[{"message":{"content":null,"refusal":"I'm sorry"},"finish_reason":"stop"}]}`,
		"filter":  `{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, calls := fake(t, func(w http.ResponseWriter, _ int, _ request) { fails(w, 200, text) })
			scorer := openai.New(url, "k", "m", nil)
			_, err := scorer.Score(t.Context(), ann())
			require.ErrorIs(t, err, score.ErrDeclined)
			require.True(t, leads.IsPermanent(err))
			s, err := score.Fallback{scorer, score.DefaultRubric()}.Score(t.Context(), ann())
			require.NoError(t, err, "nothing to try again")
			require.False(t, s.Provisional)
			require.Equal(t, "openai: the model declined to judge this lead", s.Reason)
			require.EqualValues(t, 2, calls.Load())
		})
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	billed := 0
	url, calls := fake(t, func(w http.ResponseWriter, _ int, r request) {
		mu.Lock()
		billed += 1000
		mu.Unlock()
		if !strings.Contains(r.raw, `"max_tokens":2048`) {
			t.Error("what the model may write is not limited")
		}
		says(w, picks("demo", "none", ""))
	})
	const limit = 40_000
	scorer := openai.New(url, "k", "m", &openai.Options{DailyTokens: limit, Clock: clock})
	var wg sync.WaitGroup
	var refused error
	for i := range 100 {
		wg.Go(func() {
			_, err := scorer.Score(t.Context(), saying(fmt.Sprint("message number ", i)))
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, openai.ErrBudget) {
				refused = err
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Error(t, refused)
	require.Equal(t, 30*time.Minute, leads.RetryAfter(refused))
	require.False(t, leads.IsPermanent(refused))
	require.LessOrEqual(t, billed, limit)
	require.Equal(t, billed, scorer.Spent("acme"))
	made := calls.Load()
	require.Positive(t, made)

	other := saying("another tenant's")
	other.Tenant = "other"
	_, err := scorer.Score(t.Context(), other)
	require.NoError(t, err)

	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	require.Zero(t, scorer.Spent("acme"))
	_, err = scorer.Score(t.Context(), saying("the next day"))
	require.NoError(t, err)
	require.Equal(t, 1000, scorer.Spent("acme"))
}

func TestBudgetIsExact(t *testing.T) {
	t.Parallel()
	url, calls := fake(t, func(w http.ResponseWriter, _ int, r request) { says(w, picks("demo", "none", "")) })
	_, err := openai.New(url, "k", "m", &openai.Options{DailyTokens: 100}).Score(t.Context(), ann())
	require.ErrorIs(t, err, openai.ErrBudget, "one call could cost more")
	require.Zero(t, calls.Load())
}

func TestCache(t *testing.T) {
	t.Parallel()
	url, calls := fake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, picks("demo", "asked", "we are ready to sign")) })
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	scorer := openai.New(url, "k", "m", &openai.Options{Clock: func() time.Time { return now }})
	get := func(lead leads.Lead) leads.Score {
		s, err := scorer.Score(t.Context(), lead)
		require.NoError(t, err)
		return s
	}
	first, second := get(ann()), get(ann())
	require.EqualValues(t, 1, calls.Load())
	require.False(t, first.Model.Cached)
	require.True(t, second.Model.Cached)
	require.Zero(t, second.Model.InputTokens)
	require.Equal(t, first.Evidence, second.Evidence)
	other := ann()
	other.Tenant = "other"
	get(other)
	require.EqualValues(t, 2, calls.Load(), "tenants share nothing")
	get(saying(wish + "!"))
	require.EqualValues(t, 3, calls.Load(), "another question")
	now = now.Add(24 * time.Hour)
	get(ann())
	require.EqualValues(t, 4, calls.Load(), "another day")
}

func TestNoDetours(t *testing.T) {
	t.Parallel()
	elsewhere, stolen := fake(t, func(w http.ResponseWriter, _ int, _ request) { says(w, picks("demo", "asked", wish)) })
	for _, status := range []int{301, 302, 307, 308} {
		url, _ := fake(t, func(w http.ResponseWriter, _ int, _ request) {
			w.Header().Set("Location", elsewhere+"/chat/completions")
			w.WriteHeader(status)
		})
		_, err := openai.New(url, "k", "m", nil).Score(t.Context(), ann())
		require.EqualError(t, err, fmt.Sprintf("openai: the server answered %d", status))
		require.False(t, leads.IsPermanent(err))
	}
	require.Zero(t, stolen.Load())
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ base, url, header string }{
		"OpenAI by default": {"", "https://api.openai.com/v1/chat/completions", "Authorization"},
		"no path":           {"http://localhost:4010", "http://localhost:4010/v1/chat/completions", "Authorization"},
		"slash":             {"http://localhost:4010/", "http://localhost:4010/v1/chat/completions", "Authorization"},
		"Ollama":            {"http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions", "Authorization"},
		"Groq":              {"https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions", "Authorization"},
		"Azure": {
			"https://acme.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21",
			"https://acme.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21", "Api-Key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got *http.Request
			client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				got = r
				w := httptest.NewRecorder()
				says(w, picks("demo", "none", ""))
				return w.Result(), nil
			})}
			_, err := openai.New(c.base, "sk-key", "m", &openai.Options{Client: client, Header: http.Header{"x-gateway": {"a"}}}).Score(t.Context(), ann())
			require.NoError(t, err)
			require.Equal(t, c.url, got.URL.String())
			require.Contains(t, got.Header.Get(c.header), "sk-key")
			require.Equal(t, "a", got.Header.Get("X-Gateway"))
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCheck(t *testing.T) {
	t.Parallel()
	hot := 3.0
	bad := openai.New("ftp://user:pass@x", "k", " ", &openai.Options{
		Timeout: -1, DailyTokens: -1, MaxTokens: -1, Temperature: &hot, Format: "xml", Prices: openai.Prices{InputPerMillion: -1}, Rubric: &score.Rubric{},
	})
	findings := bad.Check(t.Context())
	require.Len(t, findings, 9)
	for _, f := range findings {
		require.True(t, f.Fatal)
		require.NotContains(t, f.Message, "pass")
	}
	_, err := bad.Score(t.Context(), ann())
	require.True(t, leads.IsPermanent(err))
	require.Len(t, openai.New("https://user:pass@x", "k", "m", nil).Check(t.Context()), 1)
	require.Empty(t, openai.New("http://127.0.0.1:1", "k", "m", nil).Check(t.Context()))
	require.Len(t, openai.New("http://models.internal", "k", "m", nil).Check(t.Context()), 1)
	require.Len(t, openai.New("", "k", "m", &openai.Options{DailyTokens: 10}).Check(t.Context()), 1)
	require.Len(t, score.Fallback{bad, score.DefaultRubric()}.Check(t.Context()), 9)
}

func TestKeyIsNeverShown(t *testing.T) {
	t.Parallel()
	const key = "sk-very-secret-value"
	scorer := openai.New("http://127.0.0.1:1", key, "m", nil)
	_, err := scorer.Score(t.Context(), ann())
	require.Error(t, err)
	require.False(t, leads.IsPermanent(err))
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "scorer", scorer, "err", err)
	text, _ := json.Marshal(scorer) //lint:ignore SA9005 that nothing is shown is what is tested
	for _, shown := range []string{
		fmt.Sprint(scorer), fmt.Sprintf("%v %+v %#v %s %q %x", scorer, scorer, scorer, scorer, scorer, scorer), fmt.Sprintf("%+v %#v", *clone(scorer), *clone(scorer)),
		err.Error(), fmt.Sprintf("%+v %#v", err, err), logged.String(), string(text),
	} {
		require.NotContains(t, shown, key)
		require.NotContains(t, shown, fmt.Sprintf("%x", key))
	}
}

// holder holds a scorer as a host's own config does.
type holder struct{ scorer *openai.Scorer }

func clone(s *openai.Scorer) *holder { return &holder{s} }

func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := openai.New("http://127.0.0.1:1", "", "m", nil).Score(ctx, ann())
	require.ErrorIs(t, err, context.Canceled)
}
