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
	"github.com/openleads/leads/notify"
	"github.com/openleads/leads/sequence"
)

// people captures n leads and returns their IDs.
func people(tb testing.TB, s *bunstore.Store, tenant string, n int) []string {
	tb.Helper()
	for done := 0; done < n; done += 500 {
		capturePeople(tb, s, fmt.Sprintf("%s%d", tenant, done), min(500, n-done))
	}
	var ids []string
	for done := 0; done < n; done += 500 {
		for after := ""; ; {
			page, err := s.Leads(context.Background(), leads.LeadQuery{Tenant: fmt.Sprintf("%s%d", tenant, done), After: after, Limit: 100})
			require.NoError(tb, err)
			if len(page) == 0 {
				break
			}
			for _, lead := range page {
				ids = append(ids, lead.Tenant+"|"+lead.ID)
			}
			after = page[len(page)-1].ID
		}
	}
	return ids
}

// atOnce runs work for 0 to n-1 from 32 goroutines.
func atOnce(tb testing.TB, n int, work func(i int) error) {
	tb.Helper()
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for i := range next {
				if err := work(i); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkFollowing writes what following up writes, from 32 goroutines, with 100,000 leads and waiting enrolments beside. Its figures are those of
// one call.
func BenchmarkFollowing(b *testing.B) {
	for _, db := range databases {
		s := db.open(b)
		lead := captureOne(b, s, submission("acme", "ann@example.com")).LeadID
		_, err := s.Enroll(context.Background(), enrollment("acme", lead, today().Add(time.Hour)), today())
		require.NoError(b, err)
		multiply(b, s, "100000")
		enrolled := make(map[int]sequence.Enrollment)
		var mu sync.Mutex
		ids := people(b, s, "people", 20000)
		used := 0
		some := func(n int) []string {
			used += n
			return ids[used-n : used]
		}
		b.Run(db.name+"/enroll", func(b *testing.B) {
			who := some(b.N)
			b.ResetTimer()
			atOnce(b, b.N, func(i int) error {
				tenant, id, _ := strings.Cut(who[i], "|")
				e, err := s.Enroll(context.Background(), enrollment(tenant, id, today().Add(time.Hour)), time.Time{}, leads.Event{Kind: leads.EventSequence})
				mu.Lock()
				enrolled[i] = e
				mu.Unlock()
				return err
			})
		})
		b.Run(db.name+"/put", func(b *testing.B) {
			for i := range b.N {
				b.StopTimer()
				e := enrolled[i%len(enrolled)]
				b.StartTimer()
				e, err := s.PutEnrollment(context.Background(), e, leads.Event{Kind: leads.EventSequence})
				require.NoError(b, err)
				enrolled[i%len(enrolled)] = e
			}
		})
		b.Run(db.name+"/end by address", func(b *testing.B) {
			atOnce(b, b.N, func(i int) error {
				_, err := s.EndEnrollments(context.Background(), sequence.EnrollmentQuery{Tenant: "acme", AddressKey: fmt.Sprint("key", i)}, sequence.ReasonReply, today())
				return err
			})
		})
		b.Run(db.name+"/spend", func(b *testing.B) {
			atOnce(b, b.N, func(i int) error {
				_, err := s.Spend(context.Background(), "acme",
					sequence.Quota{Key: fmt.Sprint("address/", i), Limit: 1, Until: today().Add(time.Hour)},
					sequence.Quota{Key: fmt.Sprint("domain/", i%100), Limit: 1 << 30, Until: today().Add(time.Hour)},
					sequence.Quota{Key: "sender", Limit: 1 << 30, Until: today().Add(time.Hour)})
				return err
			})
		})
		b.Run(db.name+"/route", func(b *testing.B) {
			who := some(b.N)
			b.ResetTimer()
			atOnce(b, b.N, func(i int) error {
				tenant, id, _ := strings.Cut(who[i], "|")
				_, err := s.Route(context.Background(), tenant, id, func(notify.Book) (notify.Decision, error) {
					return notify.Decision{Assign: leads.Change{To: "ann"}, State: []byte(`{"last":"ann"}`)}, nil
				})
				return err
			})
		})
		b.Run(db.name+"/route among 66000 open", func(b *testing.B) {
			atOnce(b, b.N, func(i int) error {
				_, err := s.Route(context.Background(), "acme", lead, func(notify.Book) (notify.Decision, error) {
					return notify.Decision{Assign: leads.Change{To: fmt.Sprint("ann", i%2)}, State: []byte(`{"last":"ann"}`)}, nil
				})
				return err
			})
		})
		b.Run(db.name+"/idle claim", func(b *testing.B) {
			for range b.N {
				require.Empty(b, steps(b, s, 10))
			}
		})
		b.Run(db.name+"/end a third of 100000", func(b *testing.B) {
			for range b.N {
				var all []sequence.Enrollment
				for i := range 34 {
					ended, err := s.EndEnrollments(context.Background(), sequence.EnrollmentQuery{Tenant: "acme", SequenceID: fmt.Sprint("sequence", i)}, sequence.ReasonDeleted, today())
					require.NoError(b, err)
					all = append(all, ended...)
				}
				if len(all) > 0 {
					b.ReportMetric(float64(len(all)), "enrolments")
				}
			}
		})
	}
}
