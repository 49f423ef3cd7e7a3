package openai_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/adapters/openai"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/score"
)

// A model that is away leaves the rules' score, with which the team is told once; when it is back the lead is judged again.
func TestModelComesBackLater(t *testing.T) {
	t.Parallel()
	told := make(chan leads.Score, 8)
	back := make(chan struct{})
	url, _ := fake(t, func(w http.ResponseWriter, _ int, _ request) {
		select {
		case <-back:
			says(w, picks("demo", "asked", "let our team experience the platform"))
		default:
			fails(w, 503, "")
		}
	})
	store := memstore.New(nil)
	engine, err := leads.New(leads.Config{
		Store:  store,
		Scorer: score.Fallback{openai.New(url, "k", "m", nil), score.DefaultRubric()},
		Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
			told <- *n.Lead.Score
			return nil
		}),
		Work: leads.Work{Backoff: 50 * time.Millisecond, Poll: 20 * time.Millisecond},
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- engine.Run(ctx) }()
	captured, err := engine.Capture(ctx, ingest.Submission{Tenant: "acme", Fields: ann().Fields, Metadata: ann().Metadata})
	require.NoError(t, err)

	first := <-told
	require.True(t, first.Provisional)
	require.Equal(t, "rules", first.By)
	require.Equal(t, "openai: the server answered 503", first.Reason)
	close(back)
	var last leads.Lead
	require.Eventually(t, func() bool {
		last, err = store.Lead(ctx, "acme", captured.LeadID)
		return err == nil && last.Score.By == "model"
	}, 10*time.Second, 20*time.Millisecond)
	require.False(t, last.Score.Provisional)
	require.Empty(t, last.Score.Reason)
	require.Equal(t, first.Value+16, last.Score.Value)
	stop()
	require.NoError(t, <-done)
	require.Empty(t, told, "nobody is told twice")
}
