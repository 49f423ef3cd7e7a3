package notify_test

import (
	"context"
	"testing"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/notify"
)

// mailTo is a Mailer into the world of a suite.
func mailTo(world *adaptertest.World) leads.Mailer {
	return leads.MailerFunc(func(_ context.Context, m leads.Email) (leads.Receipt, error) {
		return leads.Receipt{}, world.Attempt(m.To[0].Address, []byte(m.MessageID+m.Subject+m.Text+m.HTML))
	})
}

// notifiers are all of the package, by name.
func notifiers() map[string]func(m leads.Mailer) leads.Notifier {
	people := notify.People{{ID: "ann", Email: "ann@example.com", Weight: 1}, {ID: "ben", Email: "ben@example.com"}}
	digests := func(m leads.Mailer) leads.Notifier {
		return notify.Team(m, people, &notify.TeamOptions{Store: memstore.New(nil)})
	}
	return map[string]func(m leads.Mailer) leads.Notifier{
		"email": func(m leads.Mailer) leads.Notifier { return notify.Email(m, "sales@example.com", "boss@example.com") },
		"team":  digests,
		"all": func(m leads.Mailer) leads.Notifier {
			return notify.All(digests(m), notify.Email(m, "sales@example.com"))
		},
		"filter": func(m leads.Mailer) leads.Notifier { return notify.Only(digests(m), leads.NotifyNew) },
		"router": func(m leads.Mailer) leads.Notifier {
			return notify.Route(&table{}, &notify.RouteOptions{People: people, ResponseTime: 1}, notify.Email(m, "sales@example.com"))
		},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, open := range notifiers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.TestNotifier(t, open(&outbox{}))
		})
		t.Run(name+"/effects", func(t *testing.T) {
			t.Parallel()
			adaptertest.TestNotifierEffects(t, func(_ *testing.T, w *adaptertest.World) leads.Notifier { return open(mailTo(w)) })
		})
	}
}
