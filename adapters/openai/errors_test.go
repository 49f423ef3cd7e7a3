package openai_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/score"
)

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

func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := openai.New("http://127.0.0.1:1", "", "m", nil).Score(ctx, ann())
	require.ErrorIs(t, err, context.Canceled)
}
