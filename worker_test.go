package leads_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// Whoever wakes the dispatcher while every slot of a kind is taken must not make it forget that there is more to do.
func TestABacklogDoesNotWaitForThePoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		done := make(chan struct{}, n)
		engine, err := leads.New(leads.Config{
			Store: memstore.New(nil),
			Sequencer: leads.SequencerFunc{
				EnrollFunc: func(context.Context, leads.Lead) ([]leads.Task, error) { return make([]leads.Task, n), nil },
				StepFunc: func(context.Context, leads.Task) (leads.Outcome, error) {
					<-time.After(time.Millisecond)
					done <- struct{}{}
					return leads.Outcome{}, nil
				},
			},
			Work: leads.Work{Poll: time.Hour},
		})
		require.NoError(t, err)
		_, err = engine.Capture(t.Context(), ingest.Submission{Fields: ingest.Fields{Email: "ann@example.com"}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- engine.Run(ctx) }()
		began := time.Now()
		for range n {
			<-done
		}
		require.Less(t, time.Since(began), time.Minute)
		cancel()
		require.NoError(t, <-ended)
	})
}
