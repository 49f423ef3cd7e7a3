package openai_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
)

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
