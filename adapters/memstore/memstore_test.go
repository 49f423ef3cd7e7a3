package memstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/adaptertest"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

func TestStore(t *testing.T) {
	t.Parallel()
	adaptertest.TestStore(t, func(*testing.T) adaptertest.TestedStore { return memstore.New(nil) })
}

func TestSequenceStore(t *testing.T) {
	t.Parallel()
	adaptertest.TestSequenceStore(t, func(*testing.T) adaptertest.TestedSequenceStore { return memstore.New(nil) })
}

func TestDesk(t *testing.T) {
	t.Parallel()
	adaptertest.TestDesk(t, func(*testing.T) adaptertest.TestedDesk { return memstore.New(nil) })
}

func TestDeskStore(t *testing.T) {
	t.Parallel()
	adaptertest.TestDeskStore(t, func(*testing.T) adaptertest.TestedDeskStore { return memstore.New(nil) })
}

func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 123_456_789, time.FixedZone("here", 3600))
	store := memstore.New(&memstore.Options{Clock: func() time.Time { return now }})
	capture(t, store, "ann@example.com")
	claim := func() []leads.Task {
		tasks, err := store.Claim(t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 1}, Lease: time.Minute})
		require.NoError(t, err)
		return tasks
	}

	tasks := claim()
	require.Len(t, tasks, 1)
	stored := now.UTC().Truncate(time.Microsecond)
	require.Equal(t, stored, tasks[0].Due, "what is due at once is due by the store's clock")
	require.Equal(t, stored.Add(time.Minute), tasks[0].LeaseUntil)

	require.NoError(t, store.Settle(t.Context(), tasks[0], leads.Outcome{Settlement: leads.Retry, Delay: time.Hour}))
	now = now.Add(time.Hour - time.Microsecond)
	require.Empty(t, claim())
	now = now.Add(time.Microsecond)
	require.Len(t, claim(), 1)
}

// TestCountsEnd shows that a count is kept until its period ends, and no longer.
func TestCountsEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	store := memstore.New(&memstore.Options{Clock: func() time.Time { return now }})
	quota := sequence.Quota{Key: "day", Limit: 1, Until: now.Add(time.Hour)}
	spend := func() string {
		usedUp, err := store.Spend(t.Context(), "acme", quota)
		require.NoError(t, err)
		return usedUp
	}
	require.Empty(t, spend())
	now = quota.Until.Add(-time.Microsecond)
	require.Equal(t, "day", spend())
	now = quota.Until
	require.Empty(t, spend())
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	store := memstore.New(nil)
	owner := ingest.Source{Tenant: "acme", ID: leads.NewID()}
	require.NoError(t, store.PutSource(t.Context(), owner, "token"))
	for name, c := range map[string]struct {
		source ingest.Source
		tokens []string
	}{
		"malformed ID":        {ingest.Source{Tenant: "acme", ID: "7"}, nil},
		"empty token":         {ingest.Source{Tenant: "acme", ID: leads.NewID()}, []string{""}},
		"another's token":     {ingest.Source{Tenant: "acme", ID: leads.NewID()}, []string{"token"}},
		"same ID, new tenant": {ingest.Source{Tenant: "other", ID: owner.ID}, []string{"token"}},
	} {
		require.ErrorIs(t, store.PutSource(t.Context(), c.source, c.tokens...), leads.ErrInvalid, name)
	}
	found, err := store.SourceByToken(t.Context(), "token")
	require.NoError(t, err)
	require.Equal(t, owner, found)

	captured, err := store.Capture(t.Context(), []ingest.Submission{{Tenant: "acme", ID: leads.NewID(), SourceID: "7"}})
	require.NoError(t, err)
	require.ErrorIs(t, captured[0].Err, leads.ErrInvalid)
	require.ErrorContains(t, captured[0].Err, "source")
}

// TestDeliveryMovesToItsNewTask pins what the contract leaves open: a delivery belongs to the task that recorded it last.
func TestDeliveryMovesToItsNewTask(t *testing.T) {
	t.Parallel()
	store := memstore.New(nil)
	var tasks []leads.Task
	for _, email := range []string{"ann@example.com", "bob@example.com"} {
		capture(t, store, email)
		claimed, err := store.Claim(t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskEnrich: 1}, Lease: time.Minute})
		require.NoError(t, err)
		tasks = append(tasks, claimed...)
		require.NoError(t, store.Settle(t.Context(), claimed[0], leads.Outcome{
			Settlement: leads.Extend, Delay: time.Minute, Deliveries: []leads.Delivery{{Key: "key"}},
		}))
	}
	for i, want := range []int{0, 1} {
		found, err := store.Tasks(t.Context(), "acme", tasks[i].LeadID)
		require.NoError(t, err)
		require.Len(t, found[0].Deliveries, want)
	}
}

func capture(t *testing.T, store *memstore.Store, email string) {
	t.Helper()
	captured, err := store.Capture(t.Context(), []ingest.Submission{{
		Tenant: "acme", ID: leads.NewID(), Received: time.Now(), Fields: ingest.Fields{Email: email},
	}})
	require.NoError(t, err)
	require.NoError(t, captured[0].Err)
}
