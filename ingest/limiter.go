package ingest

import (
	"context"
	"time"
)

// Limiter bounds how often something may happen. It may be called concurrently.
type Limiter interface {
	// Allow counts one event under key if fewer than limit were counted in the window before now, and says so. An event that is
	// not allowed is not counted. An error means that the limiter cannot tell; the handler then lets the request in.
	Allow(ctx context.Context, key string, limit int, window time.Duration) (Allowance, error)
}

// Allowance is a Limiter's answer.
type Allowance struct {
	OK bool
	// Remaining is how many more events are allowed now.
	Remaining int
	// Reset is when one more will be allowed: 0 while Remaining is above 0.
	Reset time.Duration
}
