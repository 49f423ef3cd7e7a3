package adaptertest

import (
	"context"
	"testing"
	"time"

	"github.com/openleads/leads"
)

// TestNotifier holds a Notifier to its contract, on notifications about leads from empty to hostile. Whether they arrive is for its own
// tests to see.
func TestNotifier(t *testing.T, notifier leads.Notifier) {
	testPart(t, func(ctx context.Context, _ *testing.T, lead leads.Lead) {
		_ = notifier.Notify(ctx, leads.Notification{Tenant: lead.Tenant, Kind: leads.NotifyNew, Lead: lead, At: time.Now()})
	})
}
