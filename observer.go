package leads

import (
	"context"
	"time"
)

// Observer is told what happens, for metrics and traces. It gets no personal data.
type Observer interface {
	// Observe is called after the fact, on the goroutine that did the work: it must be quick, and may be called concurrently.
	Observe(ctx context.Context, o Observation)
}

// Observation is one thing that happened.
type Observation struct {
	Kind   ObservationKind
	Tenant string
	LeadID string // "" where it is not about one lead
	TaskID string
	// Task, Adapter, Attempt and Outcome are set for ObserveTask, as in StageReport.
	Task    TaskKind
	Adapter string
	Attempt int
	Outcome string
	// Count is the size of the batch for ObserveCapture and the number of tasks for ObserveClaim.
	Count    int
	Duration time.Duration
	Err      error
}

// ObservationKind says what an Observation is about.
type ObservationKind string

// The kinds of observations.
const (
	ObserveCapture ObservationKind = "capture" // a batch of submissions was committed, or failed to be
	ObserveClaim   ObservationKind = "claim"   // tasks were claimed
	ObserveTask    ObservationKind = "task"    // an attempt of a task ended
)
