package sequence_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// witness remembers what became of steps.
type witness struct {
	mu   sync.Mutex
	seen []leads.Observation
}

func (w *witness) Observe(_ context.Context, o leads.Observation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.Kind == leads.ObserveTask && o.Task == leads.TaskStep {
		w.seen = append(w.seen, o)
	}
}

func (w *witness) errors() (n int, errs []error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.seen {
		if o.Err != nil {
			errs = append(errs, o.Err)
		}
	}
	return len(w.seen), errs
}

// TestTheEndOfASequenceIsNoError ends enrolments in every way in which they end, while a step of them runs too, and looks at what is observed.
func TestTheEndOfASequenceIsNoError(t *testing.T) {
	t.Parallel()
	stop := func(r *rig) error {
		return r.seq.Suppress(r.t.Context(), leads.DefaultTenant, "bob@example.com", "", sequence.ReasonUnsubscribed)
	}
	id := func(r *rig) string {
		all, err := r.store.Enrollments(r.t.Context(), sequence.EnrollmentQuery{Tenant: leads.DefaultTenant})
		require.NoError(r.t, err)
		return all[0].ID
	}
	for name, c := range map[string]struct {
		during func(r *rig) error // while the first mail is handed over
		steps  []sequence.Step
		goal   *sequence.Condition
		want   sequence.State
	}{
		"after its last mail": {want: sequence.Finished},
		"after another step":  {steps: []sequence.Step{email("one", "First"), {ID: "tag", Tag: &sequence.TagStep{Add: "done"}}}, want: sequence.Finished},
		"its goal":            {goal: &sequence.Condition{Field: "tag", Is: []string{"x"}}, steps: []sequence.Step{{ID: "tag", Tag: &sequence.TagStep{Add: "x"}}, email("one", "First")}, want: sequence.Exited},
		"an unsubscription":   {during: stop, want: sequence.Exited},
		"a person":            {during: func(r *rig) error { return r.seq.Exit(r.t.Context(), leads.DefaultTenant, id(r), "", "ann") }, want: sequence.Exited},
		"a pause":             {during: func(r *rig) error { return r.seq.Pause(r.t.Context(), leads.DefaultTenant, id(r), "ann") }, want: sequence.Paused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				var r *rig
				out := &outbox{}
				out.answer = func(n int, _ leads.Email) (int, error) {
					if n == 1 && c.during != nil {
						require.NoError(t, c.during(r))
					}
					return 1, nil
				}
				d := course()
				d.Goal = c.goal
				if c.steps != nil {
					d.Steps = c.steps
				}
				seen := &witness{}
				r = newRig(t, options(d), parts{mailer: out, observer: seen})
				lead := r.capture(ingest.Fields{Email: "bob@example.com"})
				after(7 * 24 * time.Hour)
				require.Equal(t, c.want, r.only(lead).State)
				n, errs := seen.errors()
				require.NotZero(t, n)
				require.Empty(t, errs)
			})
		})
	}
}

// robbed takes the lease of a step away before it is settled, as happens to a worker that hangs.
type robbed struct {
	*memstore.Store
	once sync.Once
}

func (s *robbed) Settle(ctx context.Context, task leads.Task, o leads.Outcome) error {
	if task.Kind == leads.TaskStep && o.Settlement == leads.Retry {
		s.once.Do(func() { task.Fence-- })
	}
	return s.Store.Settle(ctx, task, o)
}

// TestALostLeaseIsAnError: a step that somebody else has taken over is none that has ended.
func TestALostLeaseIsAnError(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		store, seen := &robbed{Store: memstore.New(nil)}, &witness{}
		r := newRig(t, options(course()), parts{store: store, observer: seen})
		r.store = store.Store
		lead := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(7 * 24 * time.Hour)
		require.Equal(t, sequence.Finished, r.only(lead).State)
		_, errs := seen.errors()
		require.Len(t, errs, 1)
		require.ErrorIs(t, errs[0], leads.ErrStale)
	})
}
