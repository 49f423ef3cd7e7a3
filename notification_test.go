package leads_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
)

func TestANotifierSchedulesWhatComesLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		l = run(t, leads.Config{
			BaseURL: "https://crm.example.com",
			Notifier: leads.NotifierFunc(func(ctx context.Context, n leads.Notification) error {
				l.note("%s %q %q %s", n.Kind, n.Lead.Email, n.To+n.Note, n.At.Format("15:04"))
				if n.Kind != leads.NotifyNew {
					return nil
				}
				due := n.At.Truncate(time.Hour).Add(time.Hour)
				return errors.Join(
					n.Schedule(ctx, "digest/ann/1", leads.Notice{Kind: leads.NotifyDigest, To: "ann"}, due),
					n.Schedule(ctx, "waiting/"+n.SubmissionID, leads.Notice{Kind: leads.NotifyWaiting, Note: "30 min"}, n.At.Add(30*time.Minute)),
				)
			}),
		})
		l.capture("ann@acme.com")
		l.capture("bob@acme.com")
		after(2 * time.Hour)
		require.ElementsMatch(t, []string{
			`new "ann@acme.com" "" 00:00`, `new "bob@acme.com" "" 00:00`,
			`waiting "ann@acme.com" "30 min" 00:30`, `waiting "bob@acme.com" "30 min" 00:30`,
			`digest "" "ann" 01:00`,
		}, l.noted(), "one digest, although both leads asked for it")
	})
}

func TestLinksToLeadsCanBeElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *line
		l = run(t, leads.Config{
			LeadURL:  func(tenant, id string) string { return "https://" + tenant + ".example.com/crm/" + id },
			Notifier: leads.NotifierFunc(func(_ context.Context, n leads.Notification) error { l.note("%s", n.URL); return nil }),
		})
		captured := l.capture("ann@acme.com")
		after(time.Second)
		require.Equal(t, []string{"https://default.example.com/crm/" + captured.LeadID}, l.noted())
	})
}

func TestTaskIDsOfAKeyAreEqual(t *testing.T) {
	t.Parallel()
	require.Equal(t, leads.TaskID("acme", "digest/ann"), leads.TaskID("acme", "digest/ann"))
	require.NotEqual(t, leads.TaskID("acme", "digest/ann"), leads.TaskID("acme", "digest/bob"))
	require.NotEqual(t, leads.TaskID("acme", "digest/ann"), leads.TaskID("beta", "digest/ann"))
}

func TestUpdateRecordBeginsAnewWhenSomebodyElseWasQuicker(t *testing.T) {
	t.Parallel()
	records, ctx := memstore.New(nil), t.Context()
	tries := 0
	stored, err := leads.UpdateRecord(ctx, records, "acme", "counter", "a", func(r *leads.Record) error {
		if tries++; tries == 1 {
			_, err := records.PutRecord(ctx, leads.Record{Tenant: "acme", Kind: "counter", ID: "a", Data: []byte("1")})
			require.NoError(t, err)
		}
		r.Data = append(r.Data, '0')
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, tries)
	require.Equal(t, "10", string(stored.Data))
	stop := errors.New("no")
	_, err = leads.UpdateRecord(ctx, records, "acme", "counter", "a", func(*leads.Record) error { return stop })
	require.ErrorIs(t, err, stop)
	kept, err := records.Record(ctx, "acme", "counter", "a")
	require.NoError(t, err)
	require.Equal(t, stored, kept)
}
