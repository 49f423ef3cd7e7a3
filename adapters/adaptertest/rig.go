package adaptertest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// hour is the lease and the delay that the cases use. It is far above the difference that is allowed between the store's clock and
// the test's.
const hour = time.Hour

// rig is a store under test with what the cases need around it. Its methods end the case when the store fails where it must not.
type rig struct {
	TestedStore
	t      *testing.T
	tenant string
	source string
	start  time.Time
	ticks  int
}

func newRig(t *testing.T, store TestedStore) *rig {
	t.Helper()
	r := &rig{TestedStore: store, t: t, tenant: "acme", start: time.Now().UTC().Truncate(time.Microsecond).Add(-hour)}
	r.source = r.newSource(r.tenant)
	return r
}

// newSource adds a source to a tenant and returns its ID.
func (r *rig) newSource(tenant string) string {
	r.t.Helper()
	source := ingest.Source{Tenant: tenant, ID: leads.NewID(), Name: "form", CreatedAt: r.start}
	if err := r.PutSource(r.t.Context(), source, "token-"+source.ID); err != nil {
		r.t.Fatalf("PutSource: %v", err)
	}
	return source.ID
}

// as returns the rig acting for another tenant of the same store.
func (r *rig) as(tenant string) *rig {
	r.t.Helper()
	other := *r
	other.tenant = tenant
	other.source = r.newSource(tenant)
	return &other
}

// tick is a new time of arrival, a second after the one before.
func (r *rig) tick() time.Time {
	r.ticks++
	return r.start.Add(time.Duration(r.ticks) * time.Second)
}

// soon is a time at which everything that is due at once is due by the store's clock too.
func (r *rig) soon() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond).Add(2 * time.Minute)
}

// sub makes a submission with a body of its own, a second after the one before.
func (r *rig) sub(email string) ingest.Submission {
	at := r.tick()
	return withBody(ingest.Submission{
		Tenant: r.tenant, SourceID: r.source, ID: leads.NewID(), Received: at,
		ContentType: "application/json", Fields: ingest.Fields{Email: email},
	}, fmt.Sprintf(`{"email":%q,"n":%d}`, email, r.ticks))
}

// keyed makes a submission with an idempotency key and that body.
func (r *rig) keyed(key, body string) ingest.Submission {
	sub := withBody(r.sub("ann@example.com"), body)
	sub.Key = key
	return sub
}

func withBody(sub ingest.Submission, body string) ingest.Submission {
	sub.Raw, sub.Digest = []byte(body), sha256.Sum256([]byte(body))
	return sub
}

// again is the same request once more, after a while: all but the ID and the time of arrival are equal.
func again(sub ingest.Submission, after time.Duration) ingest.Submission {
	sub.ID, sub.Received = leads.NewID(), sub.Received.Add(after)
	return sub
}

// capture stores submissions that must all be stored.
func (r *rig) capture(subs ...ingest.Submission) []leads.Captured {
	r.t.Helper()
	captured, err := r.Capture(r.t.Context(), subs)
	if err != nil {
		r.t.Fatalf("Capture: %v", err)
	}
	if len(captured) != len(subs) {
		r.t.Fatalf("Capture answered %d for %d submissions", len(captured), len(subs))
	}
	for i, c := range captured {
		if c.Err != nil {
			r.t.Fatalf("Capture refused submission %d: %v", i, c.Err)
		}
	}
	return captured
}

// one captures a single submission.
func (r *rig) one(sub ingest.Submission) leads.Captured {
	r.t.Helper()
	return r.capture(sub)[0]
}

func (r *rig) lead(id string) leads.Lead {
	r.t.Helper()
	lead, err := r.Lead(r.t.Context(), r.tenant, id)
	if err != nil {
		r.t.Fatalf("Lead: %v", err)
	}
	return lead
}

// claimAt claims up to n tasks of each kind, TaskEnrich if none is named.
func (r *rig) claimAt(now time.Time, n int, kinds ...leads.TaskKind) []leads.Task {
	r.t.Helper()
	if len(kinds) == 0 {
		kinds = []leads.TaskKind{leads.TaskEnrich}
	}
	slots := make(map[leads.TaskKind]int)
	for _, kind := range kinds {
		slots[kind] = n
	}
	tasks, err := r.Claim(r.t.Context(), leads.ClaimQuery{Slots: slots, Lease: hour, Now: now})
	if err != nil {
		r.t.Fatalf("Claim: %v", err)
	}
	return tasks
}

func (r *rig) claim(n int, kinds ...leads.TaskKind) []leads.Task {
	r.t.Helper()
	return r.claimAt(r.soon(), n, kinds...)
}

// task claims the one task that is due then.
func (r *rig) taskAt(now time.Time, kinds ...leads.TaskKind) leads.Task {
	r.t.Helper()
	tasks := r.claimAt(now, 10, kinds...)
	if len(tasks) != 1 {
		r.t.Fatalf("Claim gave %d tasks instead of the one that is due: %+v", len(tasks), tasks)
	}
	return tasks[0]
}

func (r *rig) task(kinds ...leads.TaskKind) leads.Task {
	r.t.Helper()
	return r.taskAt(r.soon(), kinds...)
}

// begun captures a submission and claims its task.
func (r *rig) begun() leads.Task {
	r.t.Helper()
	r.one(r.sub("ann@example.com"))
	return r.task()
}

func (r *rig) settle(task leads.Task, outcome leads.Outcome) {
	r.t.Helper()
	if err := r.Settle(r.t.Context(), task, outcome); err != nil {
		r.t.Fatalf("Settle: %v", err)
	}
}

// history returns the store's optional History, without which the case is skipped.
func (r *rig) history() leads.History {
	r.t.Helper()
	return ability[leads.History](r)
}

// lister returns the store's optional Lister, without which the case is skipped.
func (r *rig) lister() leads.Lister {
	r.t.Helper()
	return ability[leads.Lister](r)
}

func (r *rig) submissions(leadID string) []ingest.Submission {
	r.t.Helper()
	subs, err := r.history().Submissions(r.t.Context(), r.tenant, leadID)
	if err != nil {
		r.t.Fatalf("Submissions: %v", err)
	}
	return subs
}

func (r *rig) events(leadID string) []leads.Event {
	r.t.Helper()
	events, err := r.history().Events(r.t.Context(), r.tenant, leadID)
	if err != nil {
		r.t.Fatalf("Events: %v", err)
	}
	return events
}

func (r *rig) tasks(leadID string) []leads.Task {
	r.t.Helper()
	tasks, err := r.history().Tasks(r.t.Context(), r.tenant, leadID)
	if err != nil {
		r.t.Fatalf("Tasks: %v", err)
	}
	return tasks
}

// check fails the case, which goes on, unless ok.
func (r *rig) check(ok bool, format string, args ...any) {
	r.t.Helper()
	if !ok {
		r.t.Errorf(format, args...)
	}
}

// same fails the case for every field in which the two differ, those named apart.
func (r *rig) same(what string, got, want any, except ...string) {
	r.t.Helper()
	for _, difference := range differences(flatten(got), flatten(want), except) {
		r.t.Errorf("%s: %s", what, difference)
	}
}

// fails checks that an error is the one that the contract names.
func (r *rig) fails(what string, err, with error) {
	r.t.Helper()
	if !errors.Is(err, with) {
		r.t.Errorf("%s: got error %v, want %v", what, err, with)
	}
}

// stamped checks a time that the store has set itself.
func (r *rig) stamped(what string, at time.Time) {
	r.t.Helper()
	r.check(at.Location() == time.UTC && at.Equal(at.Truncate(time.Microsecond)), "%s is not in UTC and whole microseconds: %v", what, at)
}

// together runs f n times at once and ends the case if one of them fails.
func (r *rig) together(n int, f func(i int) error) {
	r.t.Helper()
	var (
		ready = make(chan struct{})
		errs  = make([]error, n)
		wg    sync.WaitGroup
	)
	for i := range n {
		wg.Go(func() {
			<-ready
			errs[i] = f(i)
		})
	}
	close(ready)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		r.t.Fatal(err)
	}
}

// state is all that can be seen of a lead, to see later that nothing has changed.
type state struct {
	Lead        leads.Lead
	Submissions []ingest.Submission
	Events      []leads.Event
	Tasks       []leads.Task
}

// state reads what belongs to a lead, as far as the store can tell.
func (r *rig) state(leadID string) map[string]string {
	r.t.Helper()
	s := state{Lead: r.lead(leadID)}
	if _, ok := r.TestedStore.(leads.History); ok {
		s.Submissions, s.Events, s.Tasks = r.submissions(leadID), r.events(leadID), r.tasks(leadID)
	}
	return flatten(s)
}

// unchanged checks that a lead is as it was.
func (r *rig) unchanged(what, leadID string, before map[string]string) {
	r.t.Helper()
	for _, difference := range differences(r.state(leadID), before, nil) {
		r.t.Errorf("%s: %s", what, difference)
	}
}
