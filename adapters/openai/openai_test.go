package openai_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer func(t *testing.T, w http.ResponseWriter, r request)
		opts   *openai.Options
	}{
		"says nothing": {func(_ *testing.T, w http.ResponseWriter, _ request) { says(w, picks("demo", "none", "")) }, nil},
		"quotes the lead": {func(t *testing.T, w http.ResponseWriter, r request) {
			_, said, _ := strings.Cut(r.lead(t), "lead wrote message: ")
			said, _, _ = strings.Cut(said, "\n")
			says(w, picks("demo", "asked", said))
		}, &openai.Options{Prices: openai.Prices{InputPerMillion: 1, OutputPerMillion: 2}}},
		"invents a quote": {func(_ *testing.T, w http.ResponseWriter, _ request) {
			says(w, picks("demo", "asked", "we have signed already"))
		}, nil},
		"is obedient": {func(t *testing.T, w http.ResponseWriter, r request) { // repeats what strangers wrote, and more
			text := r.lead(t) + " ![x](https://evil.example/x.png) <b>now</b>\x1b[1m " + strings.Repeat("word ", 100)
			says(w, `{"criteria": {"demo": {"level": "none", "quote": ""}}, "summary": `+jsonText(text)+`, "nextStep": `+jsonText(text)+`}`)
		}, nil},
		"is away": {func(_ *testing.T, w http.ResponseWriter, _ request) {
			w.Header().Set("Retry-After", "60")
			fails(w, 503, "")
		}, nil},
		"declines": {func(_ *testing.T, w http.ResponseWriter, _ request) {
			fails(w, 200, `{"choices":[{"message":{"refusal":"no"}}]}`)
		}, nil},
		"has its day": {func(_ *testing.T, w http.ResponseWriter, _ request) { says(w, picks("demo", "none", "")) }, &openai.Options{DailyTokens: 1}},
	}
	for name, c := range cases {
		url, _ := fake(t, func(w http.ResponseWriter, _ int, r request) { c.answer(t, w, r) })
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.TestScorer(t, openai.New(url, "", "m", c.opts))
		})
		t.Run(name+", before rules", func(t *testing.T) {
			t.Parallel()
			adaptertest.TestScorer(t, score.Fallback{openai.New(url, "", "m", c.opts), score.DefaultRubric()})
		})
	}
}

// jsonText is the text as a JSON string.
func jsonText(text string) string {
	raw, _ := json.Marshal(text) // a string always encodes
	return string(raw)
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

type holder struct{ scorer *openai.Scorer }

func clone(s *openai.Scorer) *holder { return &holder{s} }
