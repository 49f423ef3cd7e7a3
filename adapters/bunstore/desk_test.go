package bunstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// TestRoutingKeepsToCapacity routes 200 leads at once to four people who can take 20 each.
func TestRoutingKeepsToCapacity(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		capturePeople(t, s, "acme", 200)
		var group sync.WaitGroup
		work := make(chan string, 200)
		for after := ""; ; {
			page, err := s.Leads(t.Context(), leads.LeadQuery{Tenant: "acme", After: after, Limit: 100})
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, lead := range page {
				work <- lead.ID
			}
			after = page[len(page)-1].ID
		}
		close(work)
		for id := range work {
			group.Go(func() {
				if _, err := s.Route(context.Background(), "acme", id, leastBusy); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		var book notify.Book
		last := captureOne(t, s, submission("acme", "last@example.org")).LeadID
		_, err := s.Route(t.Context(), "acme", last, func(b notify.Book) (notify.Decision, error) {
			book = b
			return notify.Decision{}, nil
		})
		require.NoError(t, err)
		require.Equal(t, map[string]int{"ann": 20, "ben": 20, "cem": 20, "dea": 20}, book.Open)
		require.JSONEq(t, `{"n":200}`, string(book.State), "every decision saw what the one before left")
		rest, err := s.Unassigned(t.Context(), "acme", 1000)
		require.NoError(t, err)
		require.Len(t, rest, 121)
	})
}

func leastBusy(b notify.Book) (notify.Decision, error) {
	var state struct {
		N int `json:"n"`
	}
	if b.State != nil {
		if err := json.Unmarshal(b.State, &state); err != nil {
			return notify.Decision{}, err
		}
	}
	state.N++
	d := notify.Decision{}
	d.State, _ = json.Marshal(state)
	best := 20
	for _, person := range []string{"ann", "ben", "cem", "dea"} {
		if n := b.Open[person]; n < best {
			best, d.Assign.To = n, person
		}
	}
	return d, nil
}

// TestSpendIsExact spends one quota from all sides, together with others that only some have.
func TestSpendIsExact(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		until := time.Now().Add(time.Hour)
		var group sync.WaitGroup
		var spent, refused atomic.Int64
		for i := range 60 {
			group.Go(func() {
				for j := range 5 {
					quotas := []sequence.Quota{{Key: "tenant", Limit: 100, Until: until}, {Key: fmt.Sprint("address", (i+j)%7), Limit: 200, Until: until}}
					if i%2 == 0 {
						quotas[0], quotas[1] = quotas[1], quotas[0]
					}
					usedUp, err := s.Spend(context.Background(), "acme", quotas...)
					switch {
					case err != nil:
						t.Error(err)
					case usedUp == "":
						spent.Add(1)
					case usedUp == "tenant":
						refused.Add(1)
					default:
						t.Errorf("%q is used up", usedUp)
					}
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 100, spent.Load())
		require.EqualValues(t, 200, refused.Load())
		total := 0
		for i := range 7 { // what was refused as a whole has taken nothing of the other quota either
			for {
				usedUp, err := s.Spend(t.Context(), "acme", sequence.Quota{Key: fmt.Sprint("address", i), Limit: 200, Until: until})
				require.NoError(t, err)
				if usedUp != "" {
					break
				}
				total++
			}
		}
		require.Equal(t, 7*200-100, total)
	})
}

func TestEndedQuotasAreForgotten(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		for i := range 30 {
			until := time.Now().Add(time.Hour)
			if i < 20 {
				until = time.Now().Add(-time.Second)
			}
			_, err := s.Spend(t.Context(), "acme", sequence.Quota{Key: fmt.Sprint(i), Limit: 1, Until: until})
			require.NoError(t, err)
		}
		for i := range 30 {
			usedUp, err := s.Spend(t.Context(), "acme", sequence.Quota{Key: fmt.Sprint(i), Limit: 1, Until: time.Now().Add(-time.Second)})
			require.NoError(t, err)
			require.Equal(t, i >= 20, usedUp != "", "a count ends with its period, swept or not")
		}
		s.ForgetQuotas(t.Context())
		left, err := s.Query(t.Context(), "SELECT tenant_id FROM leads_quotas")
		require.NoError(t, err)
		require.Len(t, left, 10)
	})
}
