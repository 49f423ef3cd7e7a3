package leads

import "context"

// EnricherFunc is a function that is an [Enricher].
type EnricherFunc func(ctx context.Context, lead Lead) ([]Fact, error)

// Enrich calls f.
func (f EnricherFunc) Enrich(ctx context.Context, lead Lead) ([]Fact, error) { return f(ctx, lead) }

// ScorerFunc is a function that is a [Scorer].
type ScorerFunc func(ctx context.Context, lead Lead) (Score, error)

// Score calls f.
func (f ScorerFunc) Score(ctx context.Context, lead Lead) (Score, error) { return f(ctx, lead) }

// NotifierFunc is a function that is a [Notifier].
type NotifierFunc func(ctx context.Context, n Notification) error

// Notify calls f.
func (f NotifierFunc) Notify(ctx context.Context, n Notification) error { return f(ctx, n) }

// MailerFunc is a function that is a [Mailer].
type MailerFunc func(ctx context.Context, mail Email) (Receipt, error)

// Send calls f.
func (f MailerFunc) Send(ctx context.Context, mail Email) (Receipt, error) { return f(ctx, mail) }

// SequencerFunc is a [Sequencer] made of two functions. A nil one does nothing.
type SequencerFunc struct {
	EnrollFunc func(ctx context.Context, lead Lead) ([]Task, error)
	StepFunc   func(ctx context.Context, task Task) (Outcome, error)
}

// Enroll calls EnrollFunc.
func (f SequencerFunc) Enroll(ctx context.Context, lead Lead) ([]Task, error) {
	if f.EnrollFunc == nil {
		return nil, nil
	}
	return f.EnrollFunc(ctx, lead)
}

// Step calls StepFunc.
func (f SequencerFunc) Step(ctx context.Context, task Task) (Outcome, error) {
	if f.StepFunc == nil {
		return Outcome{}, nil
	}
	return f.StepFunc(ctx, task)
}

// ObserverFunc is a function that is an [Observer].
type ObserverFunc func(ctx context.Context, o Observation)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, o Observation) { f(ctx, o) }
