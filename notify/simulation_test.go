package notify_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// simulation is an engine that runs on a clock of its own, on which days take no time.
type simulation struct {
	store  *memstore.Store
	engine *leads.Engine
	box    *outbox
	ids    []string // the leads, in the order in which they came
}

// simulate runs f from Monday, 3 January 2000, 12:00 UTC on.
func simulate(t *testing.T, f func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		pass(time.Until(time.Date(2000, 1, 3, 12, 0, 0, 0, time.UTC)))
		f(t)
	})
}

// pass lets time go by and everything be done that is due in it.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// start runs an engine until the end of the test.
func start(t *testing.T, notifier func(s *simulation) leads.Notifier) *simulation {
	t.Helper()
	s := &simulation{store: memstore.New(nil), box: &outbox{}}
	engine, err := leads.New(leads.Config{
		Store: s.store, Notifier: notifier(s), Scorer: leads.ScorerFunc(byAddress), BaseURL: "https://crm.example.com",
		Enricher: leads.EnricherFunc(class), Work: leads.Work{Poll: 10 * time.Second},
	})
	require.NoError(t, err)
	s.engine = engine
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return s
}

// byAddress scores a lead by the first letters of its address: hot@…, cold@….
func byAddress(_ context.Context, lead leads.Lead) (leads.Score, error) {
	switch {
	case strings.HasPrefix(lead.Email, "hot"):
		return leads.Score{Value: 90, Qualification: leads.Hot, Summary: "Wants to buy."}, nil
	case strings.HasPrefix(lead.Email, "cold"):
		return leads.Score{Value: 10, Qualification: leads.Cold}, nil
	}
	return leads.Score{Value: 50, Qualification: leads.Warm}, nil
}

// class knows one domain that strangers share.
func class(_ context.Context, lead leads.Lead) ([]leads.Fact, error) {
	value := "business"
	if strings.HasSuffix(lead.Email, "@mail.example") {
		value = "personal"
	}
	return []leads.Fact{{Key: "email.class", Truth: leads.Yes, Value: value, Source: "list"}}, nil
}

// capture takes a lead in and waits until everything has been done that can be at once.
func (s *simulation) capture(t *testing.T, email string) string {
	t.Helper()
	captured, err := s.engine.Capture(t.Context(), ingest.Submission{Fields: ingest.Fields{Email: email}})
	require.NoError(t, err)
	s.ids = append(s.ids, captured.LeadID)
	pass(time.Second)
	return captured.LeadID
}

// taken returns the mails since it was last asked, as "recipient: subject".
func (s *simulation) taken() []string {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	var lines []string
	for _, m := range s.box.mails {
		lines = append(lines, m.To[0].Address+": "+m.Subject)
	}
	s.box.mails = nil
	return lines
}

// tell has the team told something about a lead, and waits for it.
func (s *simulation) tell(t *testing.T, leadID string, notice leads.Notice) {
	t.Helper()
	_, err := s.store.Edit(t.Context(), leads.DefaultTenant, leadID, func(*leads.Lead) ([]leads.Event, []leads.Task, error) {
		return nil, []leads.Task{leads.NoticeTask(leads.DefaultTenant, leadID, notice, time.Time{})}, nil
	})
	require.NoError(t, err)
	pass(11 * time.Second)
}

// edit changes a lead.
func (s *simulation) edit(t *testing.T, leadID string, change func(lead *leads.Lead)) {
	t.Helper()
	_, err := s.store.Edit(t.Context(), leads.DefaultTenant, leadID, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		change(lead)
		return nil, nil, nil
	})
	require.NoError(t, err)
}

// lead reads a lead.
func (s *simulation) lead(t *testing.T, id string) leads.Lead {
	t.Helper()
	lead, err := s.store.Lead(t.Context(), leads.DefaultTenant, id)
	require.NoError(t, err)
	return lead
}

// settled requires that no lead has work left.
func (s *simulation) settled(t *testing.T) {
	t.Helper()
	for _, id := range s.ids {
		tasks, err := s.store.Tasks(t.Context(), leads.DefaultTenant, id)
		require.NoError(t, err)
		require.Empty(t, tasks)
	}
}
