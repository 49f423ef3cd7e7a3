package bunstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/bunstore"
	"github.com/openleads/leads/sequence"
)

// enrollment returns a new enrolment whose first step is due then.
func enrollment(tenant, leadID string, due time.Time) sequence.Enrollment {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return sequence.Enrollment{
		Tenant: tenant, ID: leads.NewID(), LeadID: leadID, SequenceID: "welcome", Version: 1, AddressKey: "key of " + leadID,
		State: sequence.Active, Step: "hello", Due: due, Zone: "Europe/Vienna", By: "match", CreatedAt: now, UpdatedAt: now,
	}
}

func steps(t testing.TB, s *bunstore.Store, n int) []leads.Task {
	t.Helper()
	tasks, err := s.Claim(context.Background(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskStep: n}, Lease: time.Minute})
	require.NoError(t, err)
	return tasks
}

func TestOneOfManyEnrolments(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		for round := range 10 {
			lead := captureOne(t, s, submission("acme", fmt.Sprintf("p%d@example.com", round))).LeadID
			var group sync.WaitGroup
			var enrolled, refused atomic.Int64
			for range 16 {
				group.Go(func() {
					_, err := s.Enroll(context.Background(), enrollment("acme", lead, time.Time{}), time.Time{}, leads.Event{Kind: leads.EventSequence})
					switch {
					case err == nil:
						enrolled.Add(1)
					case errors.Is(err, sequence.ErrEnrolled):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			require.EqualValues(t, 1, enrolled.Load())
			require.EqualValues(t, 15, refused.Load())
			events, err := s.Events(t.Context(), "acme", lead)
			require.NoError(t, err)
			require.Len(t, events, 2, "those that were refused have stored nothing")
		}
		require.Len(t, steps(t, s, 100), 10)
	})
}

// TestStopAgainstSend has a worker store a delivery as begun while somebody else ends the enrolment. Whatever comes first: once the end has
// been reported, nothing is begun.
func TestStopAgainstSend(t *testing.T) {
	t.Parallel()
	rounds := 125 // a thousand in all, and twenty times that in full
	if os.Getenv("LEADS_PROOF") != "" {
		rounds = 2500
	}
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		for lane := range 4 {
			t.Run(fmt.Sprint(lane), func(t *testing.T) {
				t.Parallel()
				stopAgainstSend(t, open(t), rounds)
			})
		}
	})
}

func stopAgainstSend(t *testing.T, s *bunstore.Store, rounds int) {
	capturePeople(t, s, "acme", rounds)
	var begun, stopped int
	for round, of := range claim(t, s, rounds) {
		if sentAfterStop(t, s, of, round) {
			begun++
		} else {
			stopped++
		}
	}
	t.Logf("%d were begun before the end, %d were stopped", begun, stopped)
	require.NotZero(t, begun)
	require.NotZero(t, stopped)
}

// sentAfterStop runs one race and reports whether the delivery was begun.
func sentAfterStop(t *testing.T, s *bunstore.Store, of leads.Task, round int) bool {
	t.Helper()
	e, err := s.Enroll(t.Context(), enrollment(of.Tenant, of.LeadID, time.Time{}), time.Time{})
	require.NoError(t, err)
	task := steps(t, s, 1)[0]
	require.Equal(t, e.ID, task.ID)
	var ended atomic.Bool
	var group sync.WaitGroup
	var sent, late bool
	ready, hasEnded, hasSettled := make(chan struct{}), make(chan struct{}), make(chan struct{})
	spin := rand.IntN(300)
	group.Go(func() {
		defer close(hasEnded)
		<-ready
		if round%16 == 0 { // no race: the delivery is begun before
			<-hasSettled
		}
		wait(spin)
		_, err := s.EndEnrollments(context.Background(), sequence.EnrollmentQuery{Tenant: e.Tenant, AddressKey: e.AddressKey}, sequence.ReasonUnsubscribed, time.Now())
		ended.Store(true)
		if err != nil {
			t.Error(err)
		}
	})
	group.Go(func() {
		defer close(hasSettled)
		<-ready
		if round%16 == 8 { // no race: the end has been reported
			<-hasEnded
		}
		wait(300 - spin)
		late = ended.Load()
		err := s.Settle(context.Background(), task, leads.Outcome{
			Settlement: leads.Extend, Delay: time.Minute,
			Deliveries: []leads.Delivery{{Key: task.ID + "/hello", Channel: "email", MessageID: task.ID + "@example.com", State: leads.DeliveryBegun}},
			Change:     func(lead *leads.Lead) { lead.Tags = []string{"mailed"} },
		})
		sent = err == nil
		if err != nil && !errors.Is(err, leads.ErrStale) {
			t.Error(err)
		}
	})
	close(ready)
	group.Wait()
	require.False(t, sent && late, "round %d: begun after the end had returned", round)
	_, err = s.Delivery(t.Context(), task.ID+"@example.com")
	require.Equal(t, sent, err == nil, "the delivery is stored or not as Settle says: %v", err)
	require.Empty(t, steps(t, s, 1), "the task is gone")
	require.ErrorIs(t, s.Settle(t.Context(), task, leads.Outcome{Settlement: leads.Extend, Delay: time.Minute}), leads.ErrStale)
	return sent
}

// wait lets some microseconds pass without sleeping, so that the two sides of a race meet at different points.
func wait(microseconds int) {
	for end := time.Now().Add(time.Duration(microseconds) * time.Microsecond); time.Now().Before(end); {
	}
}

// TestTaskMadeAgain has a worker hold a task that is taken away and made again.
func TestTaskMadeAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		lead := captureOne(t, s, submission("acme", "ann@example.com")).LeadID
		e, err := s.Enroll(t.Context(), enrollment("acme", lead, time.Time{}), time.Time{})
		require.NoError(t, err)
		var held []leads.Task
		for range 5 {
			held = append(held, steps(t, s, 1)...)
			e.State = sequence.Paused
			e, err = s.PutEnrollment(t.Context(), e)
			require.NoError(t, err)
			require.Empty(t, steps(t, s, 1))
			e.State, e.Due = sequence.Active, time.Time{}
			e, err = s.PutEnrollment(t.Context(), e)
			require.NoError(t, err)
		}
		now := steps(t, s, 1)
		require.Len(t, now, 1)
		for _, task := range held {
			require.Less(t, task.Fence, now[0].Fence)
			require.ErrorIs(t, s.Settle(t.Context(), task, leads.Outcome{}), leads.ErrStale)
		}
		require.NoError(t, s.Settle(t.Context(), now[0], leads.Outcome{}))
	})
}

// TestEverythingAtOnce writes the same leads and enrolments from all sides: nothing hangs, and in the end each active enrolment has its task.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(t *testing.T) *bunstore.Store) {
		s := open(t)
		capturePeople(t, s, "acme", 20)
		people, err := s.Leads(t.Context(), leadsOf("acme"))
		require.NoError(t, err)
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		var group sync.WaitGroup
		var rounds atomic.Int64
		worker := func(work func(ctx context.Context, lead string) error) {
			group.Go(func() {
				for ctx.Err() == nil {
					err := work(ctx, people[rand.IntN(len(people))].ID)
					rounds.Add(1)
					if err != nil && ctx.Err() == nil && !errors.Is(err, leads.ErrStale) && !errors.Is(err, sequence.ErrEnrolled) {
						t.Error(err)
					}
				}
			})
		}
		for range 2 {
			worker(func(ctx context.Context, lead string) error {
				_, err := s.Enroll(ctx, enrollment("acme", lead, time.Time{}), time.Now())
				return err
			})
			worker(func(ctx context.Context, lead string) error {
				page, err := s.Enrollments(ctx, sequence.EnrollmentQuery{Tenant: "acme", LeadID: lead, Limit: 1})
				if err != nil || len(page) == 0 || page[0].State.Ended() {
					return err
				}
				page[0].State = []sequence.State{sequence.Active, sequence.Paused, sequence.Finished}[rand.IntN(3)]
				page[0].EndedAt = time.Now()
				_, err = s.PutEnrollment(ctx, page[0], leads.Event{Kind: leads.EventSequence})
				return err
			})
			worker(func(ctx context.Context, lead string) error {
				which := sequence.EnrollmentQuery{Tenant: "acme", LeadID: lead}
				if rand.IntN(5) == 0 {
					which.LeadID, which.SequenceID = "", "welcome"
				}
				_, err := s.EndEnrollments(ctx, which, sequence.ReasonReply, time.Now())
				return err
			})
			worker(func(ctx context.Context, lead string) error {
				_, err := s.Edit(ctx, "acme", lead, func(l *leads.Lead) ([]leads.Event, []leads.Task, error) {
					return nil, []leads.Task{{ID: leads.TaskID("acme", "digest"), Kind: leads.TaskNotify}}, nil
				})
				return err
			})
			worker(func(ctx context.Context, _ string) error {
				tasks, err := s.Claim(ctx, leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskStep: 5, leads.TaskNotify: 5}, Lease: time.Minute})
				for _, task := range tasks {
					group.Go(func() {
						err := s.Settle(context.WithoutCancel(ctx), task, leads.Outcome{
							Settlement: leads.Retry, Change: func(l *leads.Lead) { l.Tags = []string{"x"} },
							Tasks: []leads.Task{{ID: leads.TaskID("acme", "digest"), Kind: leads.TaskNotify}},
						})
						if err != nil && !errors.Is(err, leads.ErrStale) {
							t.Error(err)
						}
					})
				}
				return err
			})
		}
		group.Wait()
		t.Logf("%d rounds", rounds.Load())
		for _, lead := range people {
			requireTasks(t, s, lead.ID)
		}
	})
}

// requireTasks demands that each enrolment of the lead has the task that its state needs, and that there is no other.
func requireTasks(t *testing.T, s *bunstore.Store, lead string) {
	t.Helper()
	all, err := s.Enrollments(t.Context(), sequence.EnrollmentQuery{Tenant: "acme", LeadID: lead, Limit: 1000})
	require.NoError(t, err)
	tasks, err := s.Tasks(t.Context(), "acme", lead)
	require.NoError(t, err)
	want, got := map[string]bool{}, map[string]bool{}
	open := 0
	for _, e := range all {
		if !e.State.Ended() {
			open++
		}
		if e.State == sequence.Active || e.State == sequence.Pending {
			want[e.ID] = true
		}
	}
	for _, task := range tasks {
		if task.Kind == leads.TaskStep {
			got[task.ID] = true
		}
	}
	require.Equal(t, want, got)
	require.LessOrEqual(t, open, 1, "one lead is in the sequence twice")
}
