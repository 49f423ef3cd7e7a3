package enrich_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/enrich"
)

// A part that panics while others wait for its answer must not leave them waiting for ever.
func TestAPanicWhileOthersWait(t *testing.T) {
	t.Parallel()
	began, wait := make(chan struct{}), make(chan struct{})
	calls := 0
	part := enrich.WithCache(leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
		if calls++; calls == 1 {
			close(began)
			<-wait
			panic("first")
		}
		return []leads.Fact{{Key: "a"}}, nil
	}), func(leads.Lead) string { return "key" }, time.Hour)
	first := make(chan error, 1)
	go func() {
		_, err := enrich.Chain{part}.Enrich(t.Context(), leads.Lead{})
		first <- err
	}()
	<-began
	second := make(chan []leads.Fact, 1)
	go func() {
		facts, _ := enrich.Chain{part}.Enrich(t.Context(), leads.Lead{})
		second <- facts
	}()
	close(wait)
	require.ErrorContains(t, <-first, "panic")
	require.Equal(t, "a", keys(<-second))
}

// Who waits for somebody else's answer goes when its own time ends.
func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	began, wait := make(chan struct{}), make(chan struct{})
	part := enrich.WithCache(leads.EnricherFunc(func(context.Context, leads.Lead) ([]leads.Fact, error) {
		close(began)
		<-wait
		return nil, nil
	}), func(leads.Lead) string { return "key" }, time.Hour)
	first := make(chan struct{})
	go func() {
		defer close(first)
		_, _ = part.Enrich(t.Context(), leads.Lead{})
	}()
	<-began
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := part.Enrich(ended, leads.Lead{})
	require.ErrorIs(t, err, context.Canceled)
	close(wait)
	<-first
}
