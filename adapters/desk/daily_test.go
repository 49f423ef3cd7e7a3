package desk_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
)

// expiring counts what a Store is asked to let expire, by tenant, and can fail.
type expiring struct {
	*memstore.Store
	mu    sync.Mutex
	calls map[string][]time.Time
	fail  error
}

func (e *expiring) Expire(ctx context.Context, tenant string, before desk.Expiry, limit int) (int, error) {
	e.mu.Lock()
	e.calls[tenant] = append(e.calls[tenant], time.Now())
	fail := e.fail
	e.mu.Unlock()
	if fail != nil {
		return 0, fail
	}
	return e.Store.Expire(ctx, tenant, before, limit)
}

// days runs ExpireDaily in several processes while time goes by.
func days(t *testing.T, processes int, test func(t *testing.T, store *expiring, d *desk.Desk, log *bytes.Buffer)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &expiring{Store: memstore.New(nil), calls: map[string][]time.Time{}}
		engine, err := leads.New(leads.Config{Store: store})
		require.NoError(t, err)
		var log bytes.Buffer
		d, err := desk.New(desk.Config{Engine: engine, Store: store, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		_, err = engine.Capture(t.Context(), ingest.Submission{Tenant: "acme", Fields: ingest.Fields{Email: "ann@example.com"}, Raw: []byte("raw")})
		require.NoError(t, err)
		require.NoError(t, d.SetRetention(t.Context(), ann, desk.RetentionRules{Raw: 1}))
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for range processes {
			running.Go(func() {
				d.ExpireDaily(ctx, func(context.Context) ([]string, error) { return []string{"acme", "other"}, nil })
			})
		}
		test(t, store, d, &log)
		stop()
		running.Wait()
	})
}

func pass(d time.Duration) {
	time.Sleep(d) // of the bubble, in which it takes no time
	synctest.Wait()
}

func (e *expiring) failing(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = err
}

// runs are the calls that began a run: a run ends with a call that finds nothing.
func (e *expiring) runs(tenant string) (begun []time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, at := range e.calls[tenant] {
		if len(begun) == 0 || at.Sub(begun[len(begun)-1]) > time.Second {
			begun = append(begun, at)
		}
	}
	return begun
}

func TestExpireDaily(t *testing.T) {
	days(t, 3, func(t *testing.T, store *expiring, d *desk.Desk, log *bytes.Buffer) {
		run, err := d.LastExpiry(t.Context(), rita)
		require.NoError(t, err)
		require.Zero(t, run)
		pass(2 * time.Minute)
		require.Len(t, store.runs("acme"), 1, "soon after the start, by one process")
		run, err = d.LastExpiry(t.Context(), rita)
		require.NoError(t, err)
		require.Zero(t, run.Rows)
		require.WithinDuration(t, time.Now(), run.At, 2*time.Minute)
		pass(20 * time.Hour)
		require.Len(t, store.runs("acme"), 1)
		pass(6 * time.Hour)
		require.Len(t, store.runs("acme"), 2)
		pass(24 * time.Hour)
		require.Len(t, store.runs("acme"), 3)
		run, err = d.LastExpiry(t.Context(), rita)
		require.NoError(t, err)
		require.Equal(t, 1, run.Rows, "the body is more than a day old")
		pass(8 * 24 * time.Hour)
		require.InDelta(t, 11, len(store.runs("acme")), 1)
		require.Empty(t, store.runs("other"), "there are no rules")
		require.Empty(t, log.String())
	})
}

func TestExpireDailyTriesAgain(t *testing.T) {
	days(t, 2, func(t *testing.T, store *expiring, d *desk.Desk, log *bytes.Buffer) {
		store.failing(errors.New("the disk is full"))
		pass(5 * time.Hour)
		require.InDelta(t, 10, len(store.runs("acme")), 4, "by two processes, about once an hour each")
		store.failing(nil)
		require.Contains(t, log.String(), "the disk is full")
		require.Contains(t, log.String(), "tenant=acme")
		run, err := d.LastExpiry(t.Context(), rita)
		require.NoError(t, err)
		require.Zero(t, run.At)
		pass(time.Hour)
		run, err = d.LastExpiry(t.Context(), rita)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), run.At, time.Hour)
	})
}
