package sequence_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// frail is a memstore, with a mail server, in whose calls something goes wrong.
type frail struct {
	*memstore.Store
	n, at int // the calls so far, and the one that goes wrong
	after bool
	panic bool // the process ends; otherwise the call returns an error
	hit   bool
}

// call does one call, or what goes wrong with it.
func (f *frail) call(do func() error) error {
	f.n++
	wrong := f.n == f.at
	if !wrong || f.after {
		if err := do(); !wrong {
			return err
		}
	}
	f.hit = true
	if f.panic {
		panic(errCrash)
	}
	return errCrash
}

func answer[T any](f *frail, do func() (T, error)) (v T, err error) {
	err = f.call(func() (err error) {
		v, err = do()
		return err
	})
	return v, err
}

func (f *frail) Settle(ctx context.Context, task leads.Task, o leads.Outcome) error {
	return f.call(func() error { return f.Store.Settle(ctx, task, o) })
}

func (f *frail) Lead(ctx context.Context, tenant, id string) (leads.Lead, error) {
	return answer(f, func() (leads.Lead, error) { return f.Store.Lead(ctx, tenant, id) })
}

func (f *frail) Enrollment(ctx context.Context, tenant, id string) (sequence.Enrollment, error) {
	return answer(f, func() (sequence.Enrollment, error) { return f.Store.Enrollment(ctx, tenant, id) })
}

func (f *frail) Enrollments(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
	return answer(f, func() ([]sequence.Enrollment, error) { return f.Store.Enrollments(ctx, q) })
}

func (f *frail) Enroll(ctx context.Context, e sequence.Enrollment, since time.Time, ev ...leads.Event) (sequence.Enrollment, error) {
	return answer(f, func() (sequence.Enrollment, error) { return f.Store.Enroll(ctx, e, since, ev...) })
}

func (f *frail) PutEnrollment(ctx context.Context, e sequence.Enrollment, ev ...leads.Event) (sequence.Enrollment, error) {
	return answer(f, func() (sequence.Enrollment, error) { return f.Store.PutEnrollment(ctx, e, ev...) })
}

func (f *frail) Edit(ctx context.Context, tenant, id string, edit func(*leads.Lead) ([]leads.Event, []leads.Task, error)) (leads.Lead, error) {
	return answer(f, func() (leads.Lead, error) { return f.Store.Edit(ctx, tenant, id, edit) })
}

func (f *frail) Spend(ctx context.Context, tenant string, q ...sequence.Quota) (string, error) {
	return answer(f, func() (string, error) { return f.Store.Spend(ctx, tenant, q...) })
}

func (f *frail) Suppressed(ctx context.Context, tenant, key string) ([]sequence.Suppression, error) {
	return answer(f, func() ([]sequence.Suppression, error) { return f.Store.Suppressed(ctx, tenant, key) })
}

func (f *frail) AddConsent(ctx context.Context, c sequence.Consent) error {
	return f.call(func() error { return f.Store.AddConsent(ctx, c) })
}

func (f *frail) Record(ctx context.Context, tenant, kind, id string) (leads.Record, error) {
	return answer(f, func() (leads.Record, error) { return f.Store.Record(ctx, tenant, kind, id) })
}

// frailMailer goes wrong with its store.
type frailMailer struct {
	*frail
	leads.Mailer
}

func (m frailMailer) Send(ctx context.Context, mail leads.Email) (leads.Receipt, error) {
	receipt, err := answer(m.frail, func() (leads.Receipt, error) { return m.Mailer.Send(ctx, mail) })
	if err == errCrash { //nolint:errorlint // it is returned as it is
		err = leads.Ambiguous(err)
	}
	return receipt, err
}

// Sent asks the outbox, if that can be asked.
type frailKnowing struct{ frailMailer }

func (m frailKnowing) Sent(ctx context.Context, mail leads.Email) (leads.Receipt, leads.Truth, error) {
	var truth leads.Truth
	receipt, err := answer(m.frail, func() (r leads.Receipt, err error) {
		r, truth, err = m.Mailer.(leads.Reconciler).Sent(ctx, mail) //nolint:errcheck // it is one
		return r, err
	})
	return receipt, truth, err
}

// drive does the work of an engine that starts again after every crash, until nothing is left or the time is over.
func drive(t *testing.T, f *frail, seq *sequence.Sequencer, whole time.Duration) {
	t.Helper()
	for end := time.Now().Add(whole); time.Now().Before(end); {
		tasks, err := f.Claim(t.Context(), leads.ClaimQuery{Slots: map[leads.TaskKind]int{leads.TaskStep: 4, leads.TaskEnroll: 4, leads.TaskEnrich: 4}, Lease: time.Minute})
		require.NoError(t, err)
		for _, task := range tasks {
			work(t, f, seq, task)
		}
		if len(tasks) == 0 {
			<-time.After(5 * time.Minute)
		}
	}
}

func work(t *testing.T, f *frail, seq *sequence.Sequencer, task leads.Task) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			require.Equal(t, errCrash, p)
		}
	}()
	var o leads.Outcome
	var err error
	switch task.Kind {
	case leads.TaskStep:
		o, err = seq.Step(t.Context(), task)
	default:
		var lead leads.Lead
		if lead, err = f.Lead(t.Context(), task.Tenant, task.LeadID); err == nil {
			_, err = seq.Enroll(t.Context(), lead)
		}
	}
	if err != nil {
		o = leads.Outcome{Settlement: leads.Retry, Delay: time.Second}
	}
	_ = f.Settle(t.Context(), task, o) // what fails is run again when the lease has ended
}

// TestCrashAnywhere has the process end, or a call fail, at every call of the store and the mailer in turn, before or after it is done.
func TestCrashAnywhere(t *testing.T) {
	t.Parallel()
	d := sequence.Definition{ID: "all", Name: "All", Match: always, Steps: []sequence.Step{
		email("one", "First"),
		{ID: "mark", Tag: &sequence.TagStep{Add: "nurtured"}},
		wait("pause", "1d"),
		{ID: "owner", Assign: &sequence.AssignStep{To: "ann"}},
		email("two", "Second"),
		{ID: "tell", Notify: &sequence.NotifyStep{Note: "done"}},
	}}
	for name, mode := range map[string]frail{
		"the process ends before": {panic: true}, "the process ends after": {panic: true, after: true},
		"an error before": {}, "an error after": {after: true},
	} {
		for _, asks := range []bool{true, false} {
			t.Run(name+", can be asked "+strconv.FormatBool(asks), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T) {
					points := 0
					for at := 1; ; at++ {
						f := mode
						f.at = at
						if !crashOnce(t, &f, d, asks) {
							break
						}
						points++
					}
					t.Logf("%d points", points)
					require.Greater(t, points, 30)
				})
			})
		}
	}
}

// crashOnce reports whether the point was reached.
func crashOnce(t *testing.T, f *frail, d sequence.Definition, asks bool) bool {
	t.Helper()
	f.Store = memstore.New(nil)
	out := &outbox{}
	var mailer leads.Mailer = frailMailer{f, out}
	if asks {
		mailer = frailKnowing{frailMailer{f, knowing{out}}}
	}
	seq := sequence.New(f, mailer, options(d))
	sub, err := ingest.Prepare(ingest.Submission{Tenant: leads.DefaultTenant, Fields: ingest.Fields{Email: "bob@example.com"}}, time.Now())
	require.NoError(t, err)
	captured, err := f.Capture(t.Context(), []ingest.Submission{sub})
	require.NoError(t, err)
	id := captured[0].LeadID
	drive(t, f, seq, 4*24*time.Hour)

	all, err := f.Store.Enrollments(t.Context(), sequence.EnrollmentQuery{Tenant: leads.DefaultTenant, LeadID: id})
	require.NoError(t, err)
	require.Len(t, all, 1, "at %d", f.at)
	e := all[0]
	require.Equal(t, sequence.Finished, e.State, "at %d", f.at)
	steps := ""
	for _, p := range e.Passed {
		steps += p.Step + " "
	}
	require.Equal(t, "one mark pause owner two tell ", steps, "each step once, at %d", f.at)
	got := map[string]int{}
	for _, m := range out.all() {
		got[m.Subject]++
	}
	if asks {
		require.Equal(t, map[string]int{"First": 1, "Second": 1}, got, "at %d", f.at)
	} else {
		require.LessOrEqual(t, got["First"], 1, "at %d", f.at)
		require.LessOrEqual(t, got["Second"], 1, "at %d", f.at)
		require.GreaterOrEqual(t, len(got), 1, "at %d", f.at)
	}
	events, err := f.Events(t.Context(), leads.DefaultTenant, id)
	require.NoError(t, err)
	count := map[leads.EventKind]int{}
	for _, ev := range events {
		count[ev.Kind]++
	}
	require.Equal(t, 1, count[leads.EventTagged], "at %d", f.at)
	require.Equal(t, 1, count[leads.EventAssigned], "at %d", f.at)
	tasks, err := f.Tasks(t.Context(), leads.DefaultTenant, id)
	require.NoError(t, err)
	require.Len(t, tasks, 1, "one notice in the queue, nothing else, at %d", f.at)
	return f.hit
}
