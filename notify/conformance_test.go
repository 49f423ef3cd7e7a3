package notify_test

import (
	"testing"

	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/notify"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.TestNotifier(t, notify.Email(&outbox{}, "sales@example.com"))
}
