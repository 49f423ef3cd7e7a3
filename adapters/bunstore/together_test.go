package bunstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/sequence"
)

// TestEnrolmentsPutTogether changes many enrolments at once, each from three sides, of which one may succeed. What becomes of an enrolment, its task
// and its events is as if it had been put alone.
func TestEnrolmentsPutTogether(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		later := today().Add(time.Hour)
		all := make([]sequence.Enrollment, 60)
		for i := range all {
			lead := captureOne(t, s, submission("acme", fmt.Sprintf("p%d@example.com", i))).LeadID
			e, err := s.Enroll(t.Context(), enrollment("acme", lead, later), time.Time{})
			require.NoError(t, err)
			all[i] = e
		}
		var group sync.WaitGroup
		stored := make([]atomic.Int64, len(all))
		for i, e := range all {
			for side := range 3 {
				group.Go(func() {
					e := e
					switch i % 3 {
					case 0: // due at once
						e.Due, e.Step = time.Time{}, fmt.Sprint("step", i)
					case 1:
						e.State, e.Due = sequence.Paused, time.Time{}
					case 2:
						e.Passed = []sequence.Passed{{Step: "hello", At: later}}
					}
					e.By = fmt.Sprint("side", side)
					note := leads.Event{Kind: leads.EventSequence, At: later}
					if i == 9 && side == 0 {
						note.ID = "none" // cannot be stored, whatever the others want
					}
					put, err := s.PutEnrollment(context.Background(), e, note)
					switch {
					case err == nil && put.Revision == 2:
						stored[i].Add(1)
					case err == nil || note.ID == "" && !leads.IsStale(err):
						t.Errorf("%d: revision %d, %v", i, put.Revision, err)
					}
				})
			}
		}
		group.Wait()
		for i := range all {
			require.EqualValues(t, 1, stored[i].Load(), i)
			requirePut(t, s, i, all[i])
		}
		require.Len(t, steps(t, s, 1000), 20, "those that are due")
	})
}

// requirePut holds an enrolment, its task and its events against what was put.
func requirePut(t *testing.T, s *bunstore.Store, i int, was sequence.Enrollment) {
	t.Helper()
	e, err := s.Enrollment(t.Context(), "acme", was.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, e.Revision)
	require.Contains(t, e.By, "side")
	work, err := s.Tasks(t.Context(), "acme", e.LeadID)
	require.NoError(t, err)
	var due []time.Time
	for _, task := range work {
		if task.ID == e.ID {
			due = append(due, task.Due)
		}
	}
	events, err := s.Events(t.Context(), "acme", e.LeadID)
	require.NoError(t, err)
	require.Len(t, events, 2, "one tells of the capture")
	switch i % 3 {
	case 0:
		require.Equal(t, fmt.Sprint("step", i), e.Step)
		require.Len(t, due, 1)
		require.True(t, due[0].Before(was.Due))
	case 1:
		require.Equal(t, sequence.Paused, e.State)
		require.Empty(t, due, "who is paused has no task")
	case 2:
		require.Len(t, e.Passed, 1)
		require.Equal(t, []time.Time{was.Due}, due)
	}
}
