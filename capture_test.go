package leads_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// held is a Store whose Capture waits, and then does as its context says.
type held struct {
	leads.Store
	began, end chan struct{}
}

func (h held) Capture(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
	close(h.began)
	<-h.end
	return make([]leads.Captured, len(subs)), ctx.Err()
}

func TestBatchOutlivesTheSenderWhoLeadsIt(t *testing.T) {
	t.Parallel()
	store := held{began: make(chan struct{}), end: make(chan struct{})}
	e, err := leads.New(leads.Config{Store: store})
	require.NoError(t, err)
	ctx, goAway := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() {
		_, err := e.Capture(ctx, ingest.Submission{Fields: ingest.Fields{Email: "ann@example.com"}})
		answer <- err
	}()
	<-store.began
	goAway()
	close(store.end)
	require.NoError(t, <-answer, "the submissions of others may be in the same batch")
}
