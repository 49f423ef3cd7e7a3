package notify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/notify"
)

// In an engine, a retry sends the bytes of the first attempt, to nobody but the recipient whose mail failed.
func TestARetrySendsTheSameMail(t *testing.T) {
	t.Parallel()
	attempts := make(chan leads.Email, 16)
	failures := 2
	mailer := leads.MailerFunc(func(_ context.Context, m leads.Email) (leads.Receipt, error) {
		attempts <- m
		if m.To[0].Address == "b@example.com" && failures > 0 { // one notification runs at a time, see Concurrency below
			failures--
			return leads.Receipt{}, leads.Ambiguous(errors.New("the line broke"))
		}
		return leads.Receipt{ID: "taken"}, nil
	})
	calls := 0
	changing := leads.NotifierFunc(func(ctx context.Context, n leads.Notification) error {
		calls++
		n.Lead.Company = []string{"Acme", "Beta", "Gamma"}[calls-1] // the lead is not what it was when the mail was first tried
		return notify.Email(mailer, "a@example.com", "b@example.com").Notify(ctx, n)
	})
	engine, err := leads.New(leads.Config{
		Store: memstore.New(nil), Notifier: changing,
		Work: leads.Work{Backoff: time.Millisecond, Poll: 5 * time.Millisecond, Concurrency: map[leads.TaskKind]int{leads.TaskNotify: 1}},
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	captured, err := engine.Capture(t.Context(), ingest.Submission{Fields: ingest.Fields{Email: "ann@acme.com", Company: "Acme"}})
	require.NoError(t, err)

	var got []leads.Email
	for range 4 { // to a once, to b three times
		got = append(got, <-attempts)
	}
	require.Equal(t, "a@example.com", got[0].To[0].Address)
	require.Equal(t, "New lead: ann@acme.com, Acme", got[1].Subject)
	for _, again := range got[2:] {
		require.Equal(t, got[1], again)
	}
	require.NotEqual(t, got[0].MessageID, got[1].MessageID)
	stop()
	require.NoError(t, <-ended)
	require.Empty(t, attempts)
	x, err := engine.Explain(t.Context(), leads.DefaultTenant, captured.LeadID)
	require.NoError(t, err)
	require.Empty(t, x.Tasks, "it was sent in the end")
}
