package leads

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/internal/group"
)

const (
	maxBatch    = 256             // submissions in one transaction
	maxWaiting  = 4096            // submissions waiting for one; more are shed
	captureTime = 3 * time.Second // of one transaction; the sender is waiting
)

// Capture takes a submission in from Go, as if it had come through the door: it is durable when Capture returns nil, and everything
// after it is background work. Fields or Metadata are what it needs; an empty Tenant means DefaultTenant, and an empty SourceID that it
// came through no source. Concurrent calls are combined into one transaction.
//
// It returns an error that wraps [ErrInvalid] for a submission beyond the limits of package ingest, [ingest.ErrBusy] when too
// much is waiting, and otherwise what the Store returned; the submission may then be tried again.
func (e *Engine) Capture(ctx context.Context, sub ingest.Submission) (Captured, error) {
	if sub.Tenant == "" {
		sub.Tenant = DefaultTenant
	}
	sub, err := ingest.Prepare(sub, e.now())
	if err != nil {
		return Captured{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return e.capture(ctx, sub)
}

// capture stores a prepared submission in the next batch.
func (e *Engine) capture(ctx context.Context, sub ingest.Submission) (Captured, error) {
	captured, err := e.captures.Do(ctx, sub)
	switch {
	case errors.Is(err, group.ErrFull):
		return Captured{}, ingest.ErrBusy
	case err != nil:
		return Captured{}, err
	}
	return captured, captured.Err
}

// captureBatch is the body of the group commit.
func (e *Engine) captureBatch(ctx context.Context, subs []ingest.Submission) ([]Captured, error) {
	// The first sender's context is not that of the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), captureTime)
	defer cancel()
	began := e.now()
	captured, err := e.cfg.Store.Capture(ctx, subs)
	e.observe(ctx, Observation{Kind: ObserveCapture, Count: len(subs), Duration: e.now().Sub(began), Err: err})
	if err == nil {
		e.wake()
	}
	return captured, err
}
