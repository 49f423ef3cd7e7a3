package bunstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/adapters/desk"
)

// TestCapturesComeFirst has much captured while somebody looks at the leads: they are found, and the one writer that all share lists few.
func TestCapturesComeFirst(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		s.ListFirst()
		began := time.Now()
		l := s.NewLister(began)
		batch, rest := l.Pace(began, 0)
		require.Equal(t, 100, batch)
		require.Less(t, rest, 1.0)

		capturePeople(t, s, "acme", 210)
		l = s.NewLister(began)
		batch, rest = l.Pace(began.Add(time.Second), 5000)
		require.Equal(t, 25, batch, "210 leads a second are many")
		require.Greater(t, rest, 5.0)
		page, err := s.FindLeads(t.Context(), desk.Filter{Tenant: "acme", Limit: 500})
		require.NoError(t, err)
		require.Len(t, page.Leads, 210, "all are found")
		unlisted, err := s.Query(t.Context(), unlistedQuery(s))
		require.NoError(t, err)
		require.NotEmpty(t, unlisted, "and none was listed for it")

		for _, task := range claim(t, s, 3) { // some work is not much
			require.NoError(t, s.Settle(t.Context(), task, leads.Outcome{}))
		}
		l = s.NewLister(began)
		batch, _ = l.Pace(began.Add(time.Minute), 5000)
		require.Equal(t, 500, batch, "a backlog is listed in long batches")
		page, err = s.FindLeads(t.Context(), desk.Filter{Tenant: "acme", Limit: 500})
		require.NoError(t, err)
		require.Len(t, page.Leads, 210)
		unlisted, err = s.Query(t.Context(), unlistedQuery(s))
		require.NoError(t, err)
		require.Empty(t, unlisted, "who looks helps when there is time")
	})
}
