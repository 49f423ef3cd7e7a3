package adaptertest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

const (
	saysEnroll       = "Enroll stores a new enrolment with its task and the events, in one transaction, and returns it with Revision 1."
	saysEnrolled     = "It returns ErrEnrolled, and stores nothing, if the lead has another enrolment in the sequence that has not ended or that ended at or after since;"
	saysSince        = "the zero since means that any other stands in the way."
	saysEnrollOne    = "Of concurrent calls for one lead and sequence one succeeds."
	saysEnrollAbsent = "ErrNotFound is returned for a lead that the tenant does not have, and [leads.ErrInvalid] for a malformed ID of the enrolment or of an event."
	saysEnrollFilled = "Empty IDs, tenants and lead IDs of events are filled, here and by PutEnrollment."
)

func enrollContracts() []contract {
	return []contract{
		{"enroll/with its task and events", saysEnroll, enrollAll},
		{"enroll/every field", saysEnroll, enrollFields},
		{"enroll/hostile text", saysEnroll, enrollHostile},
		{"enroll/all or nothing", saysEnroll, enrollAllOrNothing},
		{"enroll/again", saysEnrolled, enrollAgain},
		{"enroll/another lead, sequence or tenant", saysEnrolled, enrollOthers},
		{"enroll/after the end of another", saysEnrolled, enrollSince},
		{"enroll/never again", saysSince, enrollNever},
		{"enroll/at once", saysEnrollOne, enrollTogether},
		{"enroll/several people at once", saysEnrollOne, enrollCrowd},
		{"enroll/no such lead", saysEnrollAbsent, enrollAbsent},
		{"enroll/empty names are filled", saysEnrollFilled, enrollFilled},
		{"enroll/malformed IDs", saysSeqBadIDs, enrollBadIDs},
		{"enroll/ended context", saysSeqEnded, enrollEnded},
		{"enroll/memory", saysMemory, enrollMemory},
	}
}

func enrollAll(r *rig) {
	id := r.person("ann@example.com")
	want, events := r.enrollment(id), []leads.Event{r.note(id), r.note(id)}
	want.Due, want.Revision = r.soon().Add(hour).Add(time.Microsecond), 7
	got := r.enroll(want, events...)
	want.Revision = 1
	r.same("returned", got, want)
	r.same("read", r.read(want.ID), want)
	if _, ok := r.TestedStore.(leads.History); ok {
		r.same("events", r.timeline(id), events)
	}
	r.check(len(r.claimAt(want.Due.Add(-time.Second), 10, leads.TaskStep)) == 0, "the step is due too early")
	task := r.stepAt(want.Due.Add(time.Second), want)
	r.check(task.Due.Equal(want.Due) && task.Attempts == 1 && len(task.Payload) == 0 && len(task.Deliveries) == 0, "the task is %+v", task)
	r.alone(want)
}

// fields makes enrolments with every field set that does not belong to the store.
func (r *rig) fields(f *filler, leadID string) sequence.Enrollment {
	e := filled[sequence.Enrollment](f)
	e.Tenant, e.LeadID, e.State, e.Revision = r.tenant, leadID, sequence.Active, 0
	return e
}

func (r *rig) enrolls(what string, f *filler, leadID string) {
	r.t.Helper()
	want := r.fields(f, leadID)
	stored := r.enroll(want)
	want.Revision = 1
	r.same(what+" enrolled", r.read(want.ID), want)
	again := r.fields(f, leadID)
	again.ID, again.SequenceID, again.Revision, again.CreatedAt = stored.ID, stored.SequenceID, 1, stored.CreatedAt
	r.putEnrollment(again)
	again.Revision = 2
	r.same(what+" put", r.read(want.ID), again)
}

func enrollFields(r *rig) {
	id := r.person("ann@example.com")
	f := &filler{base: r.start}
	r.enrolls("first", f, id)
	r.enrolls("second", f, id)
	empty := sequence.Enrollment{Tenant: r.tenant, ID: leads.NewID(), LeadID: id, SequenceID: "empty", State: sequence.Paused, CreatedAt: r.start, UpdatedAt: r.start}
	r.enroll(empty)
	r.same("with as little as can be", r.read(empty.ID), empty, "Revision")
}

func enrollHostile(r *rig) {
	id := r.person("ann@example.com")
	for _, text := range hostile() {
		r.enrolls(shown(text), &filler{base: r.start, text: hostileText(text)}, id)
	}
}

func enrollAllOrNothing(r *rig) {
	id := r.person("ann@example.com")
	bad := r.note(id)
	bad.ID = "not-a-uuid"
	e := r.enrollment(id)
	_, err := r.sequences().Enroll(r.t.Context(), e, time.Time{}, r.note(id), bad)
	r.fails("Enroll with an event whose ID cannot be stored", err, leads.ErrInvalid)
	r.noEnrollment(r.tenant, e.ID)
	e.ID = "not-a-uuid"
	_, err = r.sequences().Enroll(r.t.Context(), e, time.Time{}, r.note(id))
	r.fails("Enroll with an ID that cannot be stored", err, leads.ErrInvalid)
	r.told("after nothing was stored", id, 0)
	r.noStep("after nothing was stored")
}

// refused checks that a lead cannot be enrolled, and that nothing is stored.
func (r *rig) refused(what string, leadID string, since time.Time) {
	r.t.Helper()
	e := r.enrollment(leadID)
	before := len(r.timeline(leadID))
	_, err := r.sequences().Enroll(r.t.Context(), e, since, r.note(leadID))
	r.fails("Enroll "+what, err, sequence.ErrEnrolled)
	r.noEnrollment(r.tenant, e.ID)
	r.check(len(r.timeline(leadID)) == before, "%s: an event was stored", what)
}

func enrollAgain(r *rig) {
	e := r.enrolled("ann@example.com")
	for _, state := range []sequence.State{sequence.Active, sequence.Pending, sequence.Paused} {
		e = r.inState(e, state)
		r.refused("while another is "+string(state), e.LeadID, time.Time{})
		r.refused("while another is "+string(state)+", since long ago", e.LeadID, r.start.Add(-1000*hour))
		r.refused("while another is "+string(state)+", since tomorrow", e.LeadID, r.start.Add(24*hour))
	}
	r.noStep("of a paused enrolment that was enrolled again")
}

func enrollOthers(r *rig) {
	first := r.enrolled("ann@example.com")
	other := r.enrollment(first.LeadID)
	other.SequenceID = "another"
	r.enroll(other)
	r.enrolled("bob@example.com")
	theirs := r.as("other")
	theirs.enrolled("ann@example.com")
	r.check(len(r.claim(10, leads.TaskStep)) == 4, "there are not four steps")
}

func enrollSince(r *rig) {
	for i, state := range []sequence.State{sequence.Finished, sequence.Exited} {
		e := r.inState(r.enrolled(fmt.Sprintf("person%d@example.com", i)), state)
		what := "after one that has " + string(state)
		r.refused(what, e.LeadID, e.EndedAt)
		r.refused(what+", since before", e.LeadID, e.EndedAt.Add(-time.Microsecond))
		again := r.enrollment(e.LeadID)
		stored, err := r.sequences().Enroll(r.t.Context(), again, e.EndedAt.Add(time.Microsecond))
		r.check(err == nil && stored.Revision == 1, "Enroll %s: revision %d, %v", what, stored.Revision, err)
		r.step(again)
		r.refused("beside the second", e.LeadID, e.EndedAt.Add(time.Microsecond))
	}
}

func enrollNever(r *rig) {
	for i, state := range []sequence.State{sequence.Finished, sequence.Exited} {
		e := r.inState(r.enrolled(fmt.Sprintf("person%d@example.com", i)), state)
		r.refused("with the zero since", e.LeadID, time.Time{})
	}
	r.noStep("after the end")
}

func enrollTogether(r *rig) {
	const n = 16
	id := r.person("ann@example.com")
	enrollments, events := make([]sequence.Enrollment, n), make([]leads.Event, n)
	for i := range n {
		enrollments[i], events[i] = r.enrollment(id), r.note(id)
	}
	var won atomic.Int32
	winner := -1
	r.together(n, func(i int) error {
		_, err := r.sequences().Enroll(r.t.Context(), enrollments[i], time.Time{}, events[i])
		if errors.Is(err, sequence.ErrEnrolled) {
			return nil
		} else if err == nil && won.Add(1) == 1 {
			winner = i
		}
		return err
	})
	if won.Load() != 1 {
		r.t.Fatalf("of %d calls at once %d succeeded", n, won.Load())
	}
	all, err := r.sequences().Enrollments(r.t.Context(), sequence.EnrollmentQuery{Tenant: r.tenant})
	r.check(err == nil && len(all) == 1 && all[0].ID == enrollments[winner].ID, "the enrolments are %+v, %v", all, err)
	r.step(enrollments[winner])
	r.told("after many calls", id, 1)
}

// enrollCrowd enrols several people in two sequences, four times each.
func enrollCrowd(r *rig) {
	const people, sequences, each = 6, 2, 4
	ids := make([]string, people)
	for i := range ids {
		ids[i] = r.person(fmt.Sprintf("person%d@example.com", i))
	}
	all := make([]sequence.Enrollment, people*sequences*each)
	for i := range all {
		all[i] = r.enrollment(ids[i%people])
		all[i].SequenceID = fmt.Sprintf("sequence%d", i/people%sequences)
	}
	var won atomic.Int32
	r.together(len(all), func(i int) error {
		_, err := r.sequences().Enroll(r.t.Context(), all[i], time.Time{})
		if errors.Is(err, sequence.ErrEnrolled) {
			return nil
		} else if err == nil {
			won.Add(1)
		}
		return err
	})
	r.check(won.Load() == people*sequences, "%d people were enrolled in %d sequences %d times", people, sequences, won.Load())
	tasks := r.claim(1000, leads.TaskStep)
	r.check(len(tasks) == people*sequences, "there are %d steps", len(tasks))
}

func enrollAbsent(r *rig) {
	id := r.person("ann@example.com")
	other := r.as("other")
	for what, e := range map[string]sequence.Enrollment{
		"of another tenant": other.enrollment(id), "that is unknown": r.enrollment(leads.NewID()), "of none": r.enrollment(""),
	} {
		_, err := r.sequences().Enroll(r.t.Context(), e, time.Time{})
		r.fails("Enroll of a lead "+what, err, leads.ErrNotFound)
		r.noEnrollment(e.Tenant, e.ID)
	}
	r.noStep("of nobody")
}

func enrollFilled(r *rig) {
	id := r.person("ann@example.com")
	given := []leads.Event{{Kind: leads.EventSequence, At: r.tick()}}
	e := r.enroll(r.enrollment(id), given...)
	r.putEnrollment(e, leads.Event{Kind: leads.EventSequence, At: r.tick()})
	r.check(given[0].ID == "", "what Enroll was given was filled: %+v", given)
	r.told("after two events without names", id, 2)
	for _, event := range r.timeline(id) {
		r.check(event.Tenant == r.tenant && event.LeadID == id && len(event.ID) == 36, "the event is %+v", event)
	}
}

func enrollBadIDs(r *rig) {
	for _, id := range badIDs() {
		_, err := r.sequences().Enroll(r.t.Context(), r.enrollment(id), time.Time{})
		r.fails("Enroll of the lead "+shown(id), err, leads.ErrNotFound)
	}
}

func enrollEnded(r *rig) {
	id := r.person("ann@example.com")
	e := r.enrollment(id)
	_, err := r.sequences().Enroll(ended(r.t), e, time.Time{}, r.note(id))
	r.check(err != nil, "Enroll with an ended context returned no error")
	r.noEnrollment(r.tenant, e.ID)
	r.noStep("after an ended context")
	r.told("after an ended context", id, 0)
}

func enrollMemory(r *rig) {
	id := r.person("ann@example.com")
	given, events := r.fields(&filler{base: r.start}, id), []leads.Event{r.note(id)}
	given.Passed = append(make([]sequence.Passed, 0, 8), given.Passed...)
	before := flatten(given)
	returned := r.enroll(given, events...)
	want := flatten(r.read(given.ID))
	for _, d := range differences(flatten(given), before, nil) {
		r.t.Errorf("Enroll changed what it was given: %s", d)
	}
	put := returned
	scribble(given)
	for _, d := range differences(flatten(returned), want, nil) {
		r.t.Errorf("what Enroll returned was changed through what it was given: %s", d)
	}
	for _, shared := range []any{events, returned} {
		scribble(shared)
	}
	put.Passed = append([]sequence.Passed(nil), r.read(given.ID).Passed...)
	scribble(r.putEnrollment(put))
	scribble(put)
	scribble(r.enrollments(sequence.EnrollmentQuery{Tenant: r.tenant}))
	scribble(r.read(given.ID))
	for _, d := range differences(flatten(r.read(given.ID)), want, []string{"Revision"}) {
		r.t.Errorf("the enrolment was changed from outside: %s", d)
	}
	if _, ok := r.TestedStore.(leads.History); ok {
		r.check(string(r.timeline(id)[0].Data) == `{"a":1}`, "the event was changed from outside: %s", r.timeline(id)[0].Data)
	}
}
