package notify_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/notify"
)

// channel counts what it delivers and fails as often as it is told to.
type channel struct {
	name     string
	failures atomic.Int64
	sent     atomic.Int64
	ended    atomic.Int64 // of its background work
	err      error
}

func (c *channel) Notify(ctx context.Context, n leads.Notification) error {
	return n.Once(ctx, leads.Delivery{Channel: c.name, Recipient: "team"}, func(context.Context, leads.Delivery) (leads.Receipt, error) {
		if c.failures.Add(-1) >= 0 {
			return leads.Receipt{}, c.err
		}
		c.sent.Add(1)
		return leads.Receipt{}, nil
	})
}

func (c *channel) Check(context.Context) []leads.Finding { return []leads.Finding{{Part: c.name}} }

func (c *channel) Background(ctx context.Context, _ func()) error {
	if c.err != nil {
		return c.err
	}
	<-ctx.Done()
	c.ended.Add(1)
	return nil
}

func TestAFailureOfOneChannelDoesNotRepeatAnother(t *testing.T) {
	t.Parallel()
	simulate(t, func(t *testing.T) {
		mail, chat := &channel{name: "mail"}, &channel{name: "chat", err: errors.New("busy")}
		chat.failures.Store(3)
		hangs := leads.NotifierFunc(func(ctx context.Context, n leads.Notification) error {
			if chat.failures.Load() > 0 {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		panics := leads.NotifierFunc(func(context.Context, leads.Notification) error {
			if chat.failures.Load() > 0 {
				panic("with a secret")
			}
			return nil
		})
		s := start(t, func(*simulation) leads.Notifier { return notify.All(panics, hangs, mail, nil, chat) })
		s.capture(t, "x@acme.com")
		require.Equal(t, int64(1), mail.sent.Load(), "it does not wait for those that hang")
		pass(10 * time.Minute)
		require.Equal(t, int64(1), mail.sent.Load())
		require.Equal(t, int64(1), chat.sent.Load())
		s.settled(t)
	})
}

func TestTheErrorsOfAll(t *testing.T) {
	t.Parallel()
	fails := func(err error) leads.Notifier {
		return leads.NotifierFunc(func(context.Context, leads.Notification) error { return err })
	}
	gone, busy := leads.Permanent(errors.New("gone")), leads.After(errors.New("busy"), time.Minute)
	require.NoError(t, notify.All().Notify(t.Context(), notification()))
	require.NoError(t, notify.All(fails(nil), fails(nil)).Notify(t.Context(), notification()))
	require.True(t, leads.IsPermanent(notify.All(fails(gone), fails(nil), fails(gone)).Notify(t.Context(), notification())))
	err := notify.All(fails(gone), fails(busy)).Notify(t.Context(), notification())
	require.False(t, leads.IsPermanent(err))
	require.Equal(t, time.Minute, leads.RetryAfter(err))
	require.ErrorContains(t, err, "gone")
	err = notify.All(leads.NotifierFunc(func(context.Context, leads.Notification) error { panic("ann@acme.com") })).Notify(t.Context(), notification())
	require.ErrorContains(t, err, "panicked")
	require.NotContains(t, err.Error(), "ann@acme.com")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	var got []leads.NotificationKind
	log := leads.NotifierFunc(func(_ context.Context, n leads.Notification) error {
		got = append(got, n.Kind)
		return nil
	})
	only := notify.Only(log, leads.NotifyHot, leads.NotifyReplied)
	for _, kind := range []leads.NotificationKind{leads.NotifyNew, leads.NotifyHot, leads.NotifyReplied, leads.NotifyDead, leads.NotifyDigest, leads.NotifyBacklog} {
		require.NoError(t, only.Notify(t.Context(), leads.Notification{Kind: kind}))
	}
	require.Equal(t, []leads.NotificationKind{leads.NotifyHot, leads.NotifyReplied, leads.NotifyDigest, leads.NotifyBacklog}, got)
	got = nil
	acme := notify.Filter(log, func(n leads.Notification) bool { return n.Tenant == "acme" })
	require.NoError(t, acme.Notify(t.Context(), leads.Notification{Tenant: "beta", Kind: leads.NotifyNew}))
	require.NoError(t, acme.Notify(t.Context(), leads.Notification{Tenant: "acme", Kind: leads.NotifyNew}))
	require.Len(t, got, 1)
}

// What can check itself or has work of its own is found behind every wrapper.
func TestChecksAndBackgroundsPassThrough(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(n leads.Notifier) leads.Notifier{
		"all":  func(n leads.Notifier) leads.Notifier { return notify.All(leads.NotifierFunc(nil), n) },
		"only": func(n leads.Notifier) leads.Notifier { return notify.Only(n) },
		"router": func(n leads.Notifier) leads.Notifier {
			return notify.Route(&table{}, &notify.RouteOptions{People: notify.People{}}, n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &channel{name: "mail"}
			wrapped := wrap(c)
			require.Equal(t, []leads.Finding{{Part: "mail"}}, wrapped.(leads.Checker).Check(t.Context()))
			ctx, stop := context.WithCancel(t.Context())
			stop()
			require.NoError(t, wrapped.(leads.Background).Background(ctx, nil))
			require.Equal(t, int64(1), c.ended.Load())

			broken := &channel{name: "chat", err: errors.New("no connection")}
			require.ErrorContains(t, notify.All(c, wrap(broken)).(leads.Background).Background(t.Context(), nil), "no connection", "and the other one is stopped")
		})
	}
}
