package adaptertest

import (
	"context"
	"testing"
	"time"

	"github.com/openleads/leads"
)

// notificationKinds are all that a Notifier can be told.
var notificationKinds = []leads.NotificationKind{
	leads.NotifyNew, leads.NotifyReturned, leads.NotifyHot, leads.NotifyAssigned, leads.NotifyReplied, leads.NotifyWaiting,
	leads.NotifyDead, leads.NotifyCustom, leads.NotifyDigest, leads.NotifyBacklog, "a kind of tomorrow",
}

// TestNotifier holds a Notifier to its contract, on notifications of every kind about leads from none to hostile, outside of an engine. Whether they
// arrive is for its own tests to see, and for [TestNotifierEffects].
func TestNotifier(t *testing.T, notifier leads.Notifier) {
	testPart(t, func(ctx context.Context, _ *testing.T, lead leads.Lead) {
		_ = notifier.Notify(ctx, leads.Notification{Tenant: lead.Tenant, Kind: leads.NotifyNew, Lead: lead, At: time.Now()})
	})
	for _, kind := range notificationKinds {
		t.Run("kind/"+string(kind), func(t *testing.T) {
			t.Parallel()
			full := samples()["full"]
			before := flatten(full)
			_ = notifier.Notify(t.Context(), leads.Notification{}) // of nothing
			_ = notifier.Notify(t.Context(), leads.Notification{Tenant: "acme", Kind: kind, Note: "about nobody", At: time.Now()})
			_ = notifier.Notify(t.Context(), leads.Notification{
				Tenant: full.Tenant, Kind: kind, Lead: full, Note: hostile()[0], To: full.Assignee, SubmissionID: full.Last.SubmissionID,
				URL: "https://crm.example.com/leads/" + full.ID, At: time.Now(),
			})
			for _, d := range differences(flatten(full), before, nil) {
				t.Errorf("%s\nthe contract says: %s", d, saysUntouched)
			}
		})
	}
}
