package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
)

// busy is a Store with many moves, that counts how often it is asked for them.
type busy struct {
	desk.Store
	moves, asked int
}

func (b *busy) Moves(context.Context, desk.ReportQuery, int) ([]leads.Event, error) {
	b.asked++
	return make([]leads.Event, b.moves), nil
}

// TestLargeReportsAreKept: what took much to make is shown again for half a minute, to its tenant and for its span; what took little never is.
func TestLargeReportsAreKept(t *testing.T) {
	t.Parallel()
	store := &busy{Store: memstore.New(nil), moves: 5001}
	engine, err := leads.New(leads.Config{Store: store})
	require.NoError(t, err)
	now := time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)
	d, err := desk.New(desk.Config{Engine: engine, Store: store, Clock: func() time.Time { return now }})
	require.NoError(t, err)
	ask := func(tenant string, to time.Time, want int) {
		t.Helper()
		u := desk.User{Tenant: tenant, ID: "ann", Role: desk.Reader}
		report, err := d.Stages(t.Context(), u, desk.ReportQuery{From: now.AddDate(0, -1, 0), To: to})
		require.NoError(t, err)
		require.Len(t, report.Stages, 5)
		report.Stages[0].Now = -1 // the caller's own
		require.Equal(t, want, store.asked)
		require.NotContains(t, report.Stages[1:], desk.StageCount{Now: -1})
	}
	began := now
	ask("acme", now, 1)
	ask("acme", now.Add(time.Second), 1)
	ask("other", now, 2)
	ask("acme", now.Add(time.Minute), 3)
	u := desk.User{Tenant: "acme", ID: "ann", Role: desk.Reader}
	report, err := d.Stages(t.Context(), u, desk.ReportQuery{From: now.AddDate(0, -1, 0), To: now})
	require.NoError(t, err)
	require.Zero(t, report.Stages[0].Now, "what a caller does to a report does not show")
	now = now.Add(31 * time.Second)
	_, err = d.Stages(t.Context(), u, desk.ReportQuery{From: began.AddDate(0, -1, 0), To: began})
	require.NoError(t, err)
	require.Equal(t, 4, store.asked, "half a minute is over")
	store.moves = 100
	ask("third", now, 5)
	ask("third", now, 6)
}
