package openai_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

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
