package openai_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
)

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
