package bunstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/ingest"
)

func TestCaptureStoresEverything(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		sub := submission("acme", "ann@example.com")
		got := captureOne(t, s, sub)
		require.True(t, got.Created)

		lead, err := s.Lead(t.Context(), "acme", got.LeadID)
		require.NoError(t, err)
		require.Equal(t, sub.Fields, lead.Fields)
		require.Equal(t, sub.Metadata, lead.Metadata)
		require.Equal(t, sub.Received, lead.CreatedAt)
		subs, err := s.Submissions(t.Context(), "acme", got.LeadID)
		require.NoError(t, err)
		require.Equal(t, []ingest.Submission{sub}, subs)
		events, err := s.Events(t.Context(), "acme", got.LeadID)
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, leads.EventCreated, events[0].Kind)
		tasks, err := s.Tasks(t.Context(), "acme", got.LeadID)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		require.Equal(t, leads.TaskWaiting, tasks[0].State)
		page, err := s.Leads(t.Context(), leads.LeadQuery{Tenant: "acme"})
		require.NoError(t, err)
		require.Equal(t, []leads.Lead{lead}, page)
	})
}

func TestOneBadMemberLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		first := submission("acme", "first@example.com")
		captureOne(t, s, first)
		subs := make([]ingest.Submission, 20)
		for i := range subs {
			subs[i] = submission("acme", fmt.Sprintf("p%d@example.com", i))
		}
		again := first // its ID is taken, which only the database can find out
		subs[3].ID = "nonsense"
		subs[7].Fields.Company = "a\x00b"
		subs[11] = again
		subs[13].Metadata = ingest.Metadata{"broken": []byte(`{"a":`)}
		got, err := s.Capture(t.Context(), subs)
		require.NoError(t, err)
		for i, c := range got {
			switch i {
			case 3, 7, 13:
				require.ErrorIs(t, c.Err, leads.ErrInvalid, "member %d", i)
			case 11:
				require.Error(t, c.Err)
			default:
				require.NoError(t, c.Err, "member %d", i)
				lead, err := s.Lead(t.Context(), "acme", c.LeadID)
				require.NoError(t, err)
				require.Equal(t, subs[i].Fields, lead.Fields)
			}
		}
		page, err := s.Leads(t.Context(), leads.LeadQuery{Tenant: "acme", Limit: 100})
		require.NoError(t, err)
		require.Len(t, page, 17)
	})
}

func TestKeyRetriesAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		const keys, retries = 20, 8
		var mu sync.Mutex
		ids := make(map[string]map[string]int)
		var group sync.WaitGroup
		for k := range keys {
			first := submission("acme", fmt.Sprintf("key%d@example.com", k))
			first.Key = fmt.Sprintf("key \xff\x00 %d", k)
			for range retries {
				group.Go(func() {
					sub := first
					sub.ID = leads.NewID()
					got, err := s.Capture(context.Background(), []ingest.Submission{sub})
					mu.Lock()
					defer mu.Unlock()
					if err != nil || got[0].Err != nil {
						t.Errorf("capture: %v %v", err, got)
						return
					}
					if ids[first.Key] == nil {
						ids[first.Key] = make(map[string]int)
					}
					ids[first.Key][got[0].SubmissionID+got[0].LeadID]++
				})
			}
		}
		group.Wait()
		require.Len(t, ids, keys)
		for _, answers := range ids {
			require.Len(t, answers, 1, "every retry is answered alike")
		}
		page, err := s.Leads(t.Context(), leads.LeadQuery{Tenant: "acme", Limit: 100})
		require.NoError(t, err)
		require.Len(t, page, keys)
		for _, lead := range page {
			subs, err := s.Submissions(t.Context(), "acme", lead.ID)
			require.NoError(t, err)
			require.Len(t, subs, 1)
		}
	})
}

func TestKeyInOneBatch(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		a := submission("acme", "a@example.com")
		a.Key = "k"
		retry := a
		retry.ID = leads.NewID()
		other := submission("acme", "b@example.com")
		other.Key = "k"
		late := a
		late.ID, late.Received = leads.NewID(), a.Received.Add(72*time.Hour+time.Microsecond)

		got, err := s.Capture(t.Context(), []ingest.Submission{a, retry, other})
		require.NoError(t, err)
		require.True(t, got[1].Repeated)
		require.Equal(t, a.ID, got[1].SubmissionID)
		require.Equal(t, got[0].LeadID, got[1].LeadID)
		require.False(t, got[2].Repeated)
		subs, err := s.Submissions(t.Context(), "acme", got[2].LeadID)
		require.NoError(t, err)
		require.True(t, subs[0].HasFlag(ingest.FlagKeyConflict))
		require.Empty(t, subs[0].Key)
		require.False(t, captureOne(t, s, late).Repeated, "a key is forgotten after 72 hours")
		later := late
		later.ID = leads.NewID()
		require.Equal(t, late.ID, captureOne(t, s, later).SubmissionID, "the key was taken over")
	})
}

func TestDedupeHammer(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		const people, at = 200, 16
		var group sync.WaitGroup
		for g := range at {
			group.Go(func() {
				for p := range people {
					email := fmt.Sprintf("person%d@example.com", (p+g*13)%people)
					if g%2 == 0 {
						email = strings.ToUpper(email)
					}
					got, err := s.Capture(context.Background(), []ingest.Submission{submission("acme", email), submission("acme", email)})
					if err != nil || got[0].Err != nil || got[1].Err != nil {
						t.Errorf("capture: %v %v", err, got)
						return
					}
				}
			})
		}
		group.Wait()
		total, count, after := 0, 0, ""
		for {
			page, err := s.Leads(t.Context(), leads.LeadQuery{Tenant: "acme", Limit: 100, After: after})
			require.NoError(t, err)
			for _, lead := range page {
				count++
				total += lead.Submissions
				after = lead.ID
			}
			if len(page) < 100 {
				break
			}
		}
		require.Equal(t, people, count)
		require.Equal(t, people*at*2, total, "no merge is lost")
	})
}
