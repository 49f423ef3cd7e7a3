package desk_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/notify"
)

// handOut hands leads to Ben.
func handOut(store *memstore.Store) func(context.Context, string, int) (int, error) {
	return notify.Route(store, &notify.RouteOptions{People: notify.People{{ID: "ben", Weight: 1}}}, nil).HandOut
}

func TestHandOut(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	require.True(t, w.HandsOut())
	ids := []string{w.capture(t, "a@example.com"), w.capture(t, "b@example.com"), w.capture(t, "c@example.com")}
	_, err := w.Update(t.Context(), ada, ids[1], desk.Patch{Assignee: ptr("ada")})
	require.NoError(t, err)
	n, err := w.HandOut(t.Context(), ben)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	for i, want := range []string{"ben", "ada", "ben"} {
		lead, err := w.Lead(t.Context(), rita, ids[i])
		require.NoError(t, err)
		require.Equal(t, want, lead.Assignee)
	}
	trail, err := w.Trail(t.Context(), ada, "", 1)
	require.NoError(t, err)
	require.Equal(t, "lead.handout", trail[0].Action)
	require.JSONEq(t, `{"leads":2}`, string(trail[0].Data))
	n, err = w.HandOut(t.Context(), ben)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestHandOutFails(t *testing.T) {
	t.Parallel()
	w := newDesk(t)
	with := func(do func(context.Context, string, int) (int, error)) *desk.Desk {
		d, err := desk.New(desk.Config{Engine: w.engine, Store: w.store, HandOut: do})
		require.NoError(t, err)
		return d
	}
	none := with(nil)
	require.False(t, none.HandsOut())
	_, err := none.HandOut(t.Context(), ben)
	require.ErrorIs(t, err, desk.ErrNoHandOut)
	broken := errors.New("the directory is away")
	n, err := with(func(_ context.Context, tenant string, limit int) (int, error) {
		require.Equal(t, "acme", tenant)
		require.Positive(t, limit)
		return 3, broken
	}).HandOut(t.Context(), ben)
	require.ErrorIs(t, err, broken)
	require.Equal(t, 3, n, "what was handed out before")
}
