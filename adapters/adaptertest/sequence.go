package adaptertest

import (
	"slices"
	"testing"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// TestedSequenceStore is what a Store must offer to be tested as one for sequences.
type TestedSequenceStore interface {
	TestedStore
	sequence.Store
}

// TestSequenceStore holds a store to the contract of [sequence.Store], as [TestStore] does to that of [leads.Store]: open returns a
// new, empty store for each case, and the cases run in parallel. What sequence.Store takes over from package leads is tested by TestStore.
// Without [leads.History], what stands in a lead's timeline is not looked at.
func TestSequenceStore(t *testing.T, open func(t *testing.T) TestedSequenceStore) {
	for _, c := range sequenceContracts() {
		c.run(t, func(t *testing.T) TestedStore { return open(t) })
	}
}

// sequenceContracts returns every case of TestSequenceStore.
func sequenceContracts() []contract {
	return slices.Concat(
		seqSourceContracts(), enrollContracts(), enrollmentContracts(), stepContracts(), stepRaceContracts(), endContracts(),
		suppressContracts(), consentContracts(), quotaContracts(),
	)
}

// sequences is the store under test.
func (r *rig) sequences() sequence.Store {
	r.t.Helper()
	return ability[sequence.Store](r)
}

// enrollment makes an enrolment that is due at once.
func (r *rig) enrollment(leadID string) sequence.Enrollment {
	at := r.tick()
	return sequence.Enrollment{
		Tenant: r.tenant, ID: leads.NewID(), LeadID: leadID, SequenceID: "welcome", Version: 3, AddressKey: "key of " + leadID,
		State: sequence.Active, Step: "first", Due: at, Zone: "Europe/Berlin", By: "match", CreatedAt: at, UpdatedAt: at,
	}
}

func (r *rig) enroll(e sequence.Enrollment, events ...leads.Event) sequence.Enrollment {
	r.t.Helper()
	stored, err := r.sequences().Enroll(r.t.Context(), e, time.Time{}, events...)
	if err != nil {
		r.t.Fatalf("Enroll: %v", err)
	}
	return stored
}

// enrolled captures a person and enrols them.
func (r *rig) enrolled(email string) sequence.Enrollment {
	r.t.Helper()
	return r.enroll(r.enrollment(r.person(email)))
}

// read returns a stored enrolment.
func (r *rig) read(id string) sequence.Enrollment {
	r.t.Helper()
	e, err := r.sequences().Enrollment(r.t.Context(), r.tenant, id)
	if err != nil {
		r.t.Fatalf("Enrollment: %v", err)
	}
	return e
}

func (r *rig) putEnrollment(e sequence.Enrollment, events ...leads.Event) sequence.Enrollment {
	r.t.Helper()
	stored, err := r.sequences().PutEnrollment(r.t.Context(), e, events...)
	if err != nil {
		r.t.Fatalf("PutEnrollment: %v", err)
	}
	return stored
}

// inState stores an enrolment in another state.
func (r *rig) inState(e sequence.Enrollment, state sequence.State) sequence.Enrollment {
	r.t.Helper()
	e.State, e.UpdatedAt = state, r.tick()
	if state.Ended() {
		e.Step, e.Due, e.EndedAt = "", time.Time{}, e.UpdatedAt
	}
	return r.putEnrollment(e)
}

func (r *rig) endEnrollments(which sequence.EnrollmentQuery) []sequence.Enrollment {
	r.t.Helper()
	ended, err := r.sequences().EndEnrollments(r.t.Context(), which, sequence.ReasonReply, r.tick())
	if err != nil {
		r.t.Fatalf("EndEnrollments: %v", err)
	}
	return ended
}

// noStep checks that no step is due at any time.
func (r *rig) noStep(what string) {
	r.t.Helper()
	tasks := r.claimAt(r.soon().Add(10000*hour), 10, leads.TaskStep)
	r.check(len(tasks) == 0, "%s: there are steps to run: %+v", what, tasks)
}

// alone checks that an enrolment has one task, as far as the store can tell.
func (r *rig) alone(e sequence.Enrollment) {
	r.t.Helper()
	if _, ok := r.TestedStore.(leads.History); !ok {
		return
	}
	steps := slices.DeleteFunc(r.tasks(e.LeadID), func(t leads.Task) bool { return t.Kind != leads.TaskStep })
	r.check(len(steps) == 1 && steps[0].ID == e.ID, "the tasks of one enrolment are %+v", steps)
}

// step claims the one step that is due, which must be that of the enrolment.
func (r *rig) step(e sequence.Enrollment) leads.Task {
	r.t.Helper()
	return r.stepAt(r.soon(), e)
}

func (r *rig) stepAt(now time.Time, e sequence.Enrollment) leads.Task {
	r.t.Helper()
	task := r.taskAt(now, leads.TaskStep)
	r.check(task.ID == e.ID && task.LeadID == e.LeadID && task.Tenant == e.Tenant && task.Kind == leads.TaskStep,
		"the task of the enrolment %s of the lead %s is %+v", e.ID, e.LeadID, task)
	return task
}

// timeline returns a lead's events, the first one left out, or nothing if the store cannot tell.
func (r *rig) timeline(leadID string) []leads.Event {
	r.t.Helper()
	if _, ok := r.TestedStore.(leads.History); !ok {
		return nil
	}
	return r.events(leadID)[1:]
}

// told checks that a lead's timeline holds n events beside the first.
func (r *rig) told(what, leadID string, n int) {
	r.t.Helper()
	if _, ok := r.TestedStore.(leads.History); ok {
		r.check(len(r.timeline(leadID)) == n, "%s: the timeline holds %+v, want %d events", what, r.timeline(leadID), n)
	}
}

// note makes an event of a lead.
func (r *rig) note(leadID string) leads.Event {
	return leads.Event{Tenant: r.tenant, ID: leads.NewID(), LeadID: leadID, Kind: leads.EventSequence, At: r.tick(), Data: []byte(`{"a":1}`)}
}
