package leads_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
)

// book is a Settler that keeps what it is told, as a store would.
type book struct {
	entries []leads.Delivery
	tasks   []leads.Task
	stale   bool
}

func (b *book) Settle(_ context.Context, _ leads.Task, o leads.Outcome) error {
	if b.stale {
		return leads.ErrStale
	}
	b.entries, b.tasks = append(b.entries, o.Deliveries...), append(b.tasks, o.Tasks...)
	return nil
}

func (b *book) states() []leads.DeliveryState {
	var states []leads.DeliveryState
	for _, d := range b.entries {
		states = append(states, d.State)
	}
	return states
}

func TestLedgerMakesAnEffectOnce(t *testing.T) {
	t.Parallel()
	lost := errors.New("the line broke")
	answers := func(truth leads.Truth, err error) func(context.Context, leads.Delivery) (leads.Receipt, leads.Truth, error) {
		return func(context.Context, leads.Delivery) (leads.Receipt, leads.Truth, error) {
			return leads.Receipt{ID: "asked"}, truth, err
		}
	}
	for name, test := range map[string]struct {
		before leads.DeliveryState // "" for a first attempt
		ask    func(context.Context, leads.Delivery) (leads.Receipt, leads.Truth, error)
		hold   bool
		fails  error

		sends  int
		states []leads.DeliveryState
		err    error
	}{
		"first":                       {sends: 1, states: []leads.DeliveryState{"begun", "sent"}},
		"refused":                     {fails: lost, sends: 1, states: []leads.DeliveryState{"begun", "failed"}, err: lost},
		"unknown":                     {fails: leads.Ambiguous(lost), sends: 1, states: []leads.DeliveryState{"begun", "ambiguous"}, err: lost},
		"sent before":                 {before: leads.DeliverySent},
		"failed before":               {before: leads.DeliveryFailed, ask: answers(leads.Yes, nil), hold: true, sends: 1, states: []leads.DeliveryState{"begun", "sent"}},
		"crashed before":              {before: leads.DeliveryBegun, sends: 1, states: []leads.DeliveryState{"begun", "sent"}},
		"crashed before, held":        {before: leads.DeliveryBegun, hold: true, err: leads.ErrHeld},
		"unknown before, held":        {before: leads.DeliveryAmbiguous, hold: true, err: leads.ErrHeld},
		"it got through":              {before: leads.DeliveryAmbiguous, ask: answers(leads.Yes, nil), hold: true, states: []leads.DeliveryState{"sent"}},
		"it did not get through":      {before: leads.DeliveryAmbiguous, ask: answers(leads.No, nil), hold: true, sends: 1, states: []leads.DeliveryState{"begun", "sent"}},
		"nobody can tell":             {before: leads.DeliveryBegun, ask: answers(leads.Unknown, nil), sends: 1, states: []leads.DeliveryState{"begun", "sent"}},
		"nobody can tell, held":       {before: leads.DeliveryBegun, ask: answers(leads.Unknown, nil), hold: true, err: leads.ErrHeld},
		"the question gets no answer": {before: leads.DeliveryBegun, ask: answers(leads.Unknown, lost), err: lost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, task := &book{}, leads.Task{Tenant: "acme", ID: leads.NewID(), LeadID: leads.NewID()}
			if test.before != "" {
				task.Deliveries = []leads.Delivery{{Key: task.ID + "/email/a@b.c", State: test.before, Body: []byte("first"), Attempts: 1}}
			}
			sends := 0
			err := leads.Ledger{Store: store, Task: task}.Once(t.Context(), leads.Effect{
				Delivery: leads.Delivery{Channel: "email", Recipient: "a@b.c", Body: []byte("second")},
				Ask:      test.ask, Hold: test.hold,
				Send: func(_ context.Context, d leads.Delivery) (leads.Receipt, error) {
					sends++
					require.Equal(t, test.before != "", string(d.Body) == "first", "a retry sends the bytes of the first attempt")
					return leads.Receipt{ID: "taken"}, test.fails
				},
			})
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.sends, sends)
			require.Equal(t, test.states, store.states())
		})
	}
}

// What a digest names somebody in who was erased is gone from the Store, and is rendered anew.
func TestLedgerMakesABodyAnew(t *testing.T) {
	t.Parallel()
	store, task := &book{}, leads.Task{Tenant: "acme", ID: leads.NewID(), LeadID: leads.NoLead}
	task.Deliveries = []leads.Delivery{{Key: task.ID + "/email/a@b.c", State: leads.DeliveryAmbiguous, MessageID: "1@b.c"}}
	check := func(d leads.Delivery) { require.Equal(t, "anew 1@b.c", string(d.Body)+" "+d.MessageID) }
	require.NoError(t, leads.Ledger{Store: store, Task: task}.Once(t.Context(), leads.Effect{
		Delivery: leads.Delivery{Channel: "email", Recipient: "a@b.c", MessageID: "2@b.c", Body: []byte("anew")},
		Ask: func(_ context.Context, d leads.Delivery) (leads.Receipt, leads.Truth, error) {
			check(d)
			return leads.Receipt{}, leads.No, nil
		},
		Send: func(_ context.Context, d leads.Delivery) (leads.Receipt, error) {
			check(d)
			return leads.Receipt{}, nil
		},
	}))
	require.Equal(t, []leads.DeliveryState{"begun", "sent"}, store.states())
}

func TestLedgerSendsNothingForATaskThatWasTakenAway(t *testing.T) {
	t.Parallel()
	ledger := leads.Ledger{Store: &book{stale: true}, Task: leads.Task{ID: leads.NewID()}}
	err := ledger.Once(t.Context(), leads.Effect{Send: func(context.Context, leads.Delivery) (leads.Receipt, error) {
		t.Error("it was sent")
		return leads.Receipt{}, nil
	}})
	require.ErrorIs(t, err, leads.ErrStale)
}

func TestLedgerEntriesAreNamedAndDated(t *testing.T) {
	t.Parallel()
	store, now := &book{}, time.Date(2026, 11, 23, 12, 0, 0, 1234, time.UTC)
	task := leads.Task{Tenant: "acme", ID: leads.NewID(), LeadID: leads.NewID()}
	ledger := leads.Ledger{Store: store, Task: task, Now: func() time.Time { return now }}
	send := func(context.Context, leads.Delivery) (leads.Receipt, error) { return leads.Receipt{ID: "taken"}, nil }
	require.NoError(t, ledger.Once(t.Context(), leads.Effect{Delivery: leads.Delivery{Key: "k"}, Send: send}))
	d := store.entries[1]
	require.Equal(t, store.entries[0].ID, d.ID)
	require.Equal(t, leads.Delivery{
		Tenant: "acme", ID: d.ID, LeadID: task.LeadID, TaskID: task.ID, Key: "k", State: leads.DeliverySent, Attempts: 1, Provider: "taken",
		CreatedAt: now.Truncate(time.Microsecond), UpdatedAt: now.Truncate(time.Microsecond),
	}, d)
}
