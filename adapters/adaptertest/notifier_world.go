package adaptertest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// World is what lies behind a Notifier under test: mail servers, chats. The test's stand-in for them reports every attempt to it and answers as it says.
type World struct {
	mu       sync.Mutex
	attempts []worldAttempt
	answer   func(attempt int) error
}

type worldAttempt struct {
	recipient string
	content   []byte
	err       error
}

// Attempt is called for every attempt at an effect, with whom it reaches and what would arrive; content may not change from one attempt to the next. The stand-in
// takes the message when Attempt returns nil. Otherwise it refuses it in the way in which the other side would, so that the Notifier
// comes to return an error for which leads.IsPermanent and leads.RetryAfter say the same.
func (w *World) Attempt(recipient string, content []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	if w.answer != nil {
		err = w.answer(len(w.attempts) + 1)
	}
	w.attempts = append(w.attempts, worldAttempt{recipient, bytes.Clone(content), err})
	return err
}

func (w *World) seen() []worldAttempt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.attempts)
}

// notifierStore is a Store with one lead and one task at a time, and faults on demand.
type notifierStore struct {
	leads.Store // what a notification does not need is nil

	mu         sync.Mutex
	lead       leads.Lead
	task       leads.Task
	due        bool
	deliveries []leads.Delivery
	stale      bool // somebody else has the task
	forget     bool // the process dies before an outcome is stored
	settled    chan leads.Outcome
}

func (s *notifierStore) SourceByToken(context.Context, string) (ingest.Source, error) {
	return ingest.Source{}, leads.ErrNotFound
}

func (s *notifierStore) Lead(context.Context, string, string) (leads.Lead, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lead, nil
}

func (s *notifierStore) Claim(_ context.Context, q leads.ClaimQuery) ([]leads.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.due || q.Slots[leads.TaskNotify] == 0 {
		return nil, nil
	}
	s.due = false
	s.task.Attempts++
	s.task.Fence++
	s.task.Deliveries = slices.Clone(s.deliveries)
	return []leads.Task{s.task}, nil
}

func (s *notifierStore) Settle(_ context.Context, _ leads.Task, o leads.Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Settlement != leads.Extend {
		s.settled <- o
		return nil
	}
	if s.stale {
		return leads.ErrStale
	}
	for _, d := range o.Deliveries {
		if s.forget && d.State != leads.DeliveryBegun {
			continue
		}
		i := slices.IndexFunc(s.deliveries, func(old leads.Delivery) bool { return old.Key == d.Key })
		if i < 0 {
			s.deliveries = append(s.deliveries, d)
		} else {
			s.deliveries[i] = d
		}
	}
	return nil
}

// newNotification puts a task into the store: the news of a new lead, or a notice.
func newNotifierStore(kind leads.NotificationKind) *notifierStore {
	lead := fullLead(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	lead.Tenant = leads.DefaultTenant
	s := &notifierStore{lead: lead, settled: make(chan leads.Outcome, 1)}
	s.task = leads.NoticeTask(lead.Tenant, lead.ID, leads.Notice{Kind: kind, Note: "a note"}, time.Time{})
	if kind == leads.NotifyNew {
		s.task.Payload, s.task.SubmissionID = nil, lead.First.SubmissionID
	}
	return s
}

// run has an engine make one attempt and returns what became of it.
func (s *notifierStore) run(t *testing.T, notifier leads.Notifier) leads.Outcome {
	t.Helper()
	s.mu.Lock()
	s.due = true
	s.mu.Unlock()
	engine, err := leads.New(leads.Config{Store: s, Notifier: notifier, BaseURL: "https://crm.example.com", Work: leads.Work{Poll: time.Millisecond}})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	select {
	case o := <-s.settled:
		return o
	case err := <-ended:
		ended <- nil
		t.Fatalf("Run has ended: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatal("the attempt has not ended after 30s")
	}
	return leads.Outcome{}
}
