package adaptertest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

const (
	saysEnd     = "EndEnrollments ends, in one transaction, every enrolment that which selects and that has not ended:"
	saysExited  = "it is stored as exited, its task is removed,"
	saysEmptied = "UpdatedAt and EndedAt become at, Step and Due become empty."
	saysEndTold = "and an EventSequence whose data is a [Progress] is added to its lead."
	saysEndThen = "It returns them as they are then."
)

func endContracts() []contract {
	return []contract{
		{"end/what is selected", saysEnd, endSelected},
		{"end/ended already", saysEnd, endAgain},
		{"end/at once", saysEnd, endTogether},
		{"end/stored and told", saysExited, endStored},
		{"end/its times", saysEmptied, endStored},
		{"end/the event", saysEndTold, endEvent},
		{"end/as they are then", saysEndThen, endReturned},
	}
}

// endSelected ends each selection in a tenant of its own, and checks that the others are left.
func endSelected(r *rig) {
	for i := range selections(make([]sequence.Enrollment, 5)) {
		tenant := r.as(fmt.Sprintf("tenant%d", i))
		all := tenant.several()
		s := selections(all)[i]
		s.q.Tenant = tenant.tenant
		ended := tenant.endEnrollments(s.q)
		r.check(len(ended) == len(s.want), "%s: %d were ended, want %d", s.what, len(ended), len(s.want))
		for j, e := range all {
			now := tenant.read(e.ID)
			if slices.Contains(s.want, j) {
				r.check(now.State == sequence.Exited, "%s: enrolment %d is not ended: %+v", s.what, j, now)
			} else {
				r.same(s.what, now, e)
			}
		}
	}
}

func endAgain(r *rig) {
	finished, exited := r.inState(r.enrolled("ann@example.com"), sequence.Finished), r.inState(r.enrolled("bob@example.com"), sequence.Exited)
	paused := r.inState(r.enrolled("eve@example.com"), sequence.Paused)
	which := sequence.EnrollmentQuery{Tenant: r.tenant}
	ended := r.endEnrollments(which)
	r.check(len(ended) == 1 && ended[0].ID == paused.ID, "ended: %+v", ended)
	r.check(len(r.endEnrollments(which)) == 0, "what has ended was ended again")
	which.States = []sequence.State{sequence.Finished, sequence.Exited}
	r.check(len(r.endEnrollments(which)) == 0, "what has ended was ended again when it was asked for")
	r.same("finished", r.read(finished.ID), finished)
	r.same("exited", r.read(exited.ID), exited)
	r.told("finished", finished.LeadID, 0)
	r.told("paused", paused.LeadID, 1)
}

// endTogether has many end the same enrolments: each is ended, returned and told of once.
func endTogether(r *rig) {
	all := r.enrollMany(10)
	var (
		mu    sync.Mutex
		ended []sequence.Enrollment
	)
	r.together(8, func(int) error {
		some, err := r.sequences().EndEnrollments(r.t.Context(), sequence.EnrollmentQuery{Tenant: r.tenant}, sequence.ReasonReply, r.start)
		mu.Lock()
		defer mu.Unlock()
		ended = append(ended, some...)
		return err
	})
	r.check(len(ended) == len(all), "%d enrolments were ended %d times", len(all), len(ended))
	r.told("after many calls", all[0].LeadID, len(all))
	for _, e := range all {
		r.check(r.read(e.ID).Revision == e.Revision+1, "the enrolment has revision %d", r.read(e.ID).Revision)
	}
}

func endStored(r *rig) {
	waiting, running := r.enrollment(r.person("ann@example.com")), r.enrollment(r.person("bob@example.com"))
	waiting.Due = r.soon().Add(hour)
	waiting, running = r.enroll(waiting), r.enroll(running)
	task := r.step(running)
	at := r.tick()
	_, err := r.sequences().EndEnrollments(r.t.Context(), sequence.EnrollmentQuery{Tenant: r.tenant}, sequence.ReasonUnsubscribed, at)
	r.check(err == nil, "EndEnrollments: %v", err)
	for _, e := range []sequence.Enrollment{waiting, running} {
		e.State, e.Reason, e.EndedAt, e.UpdatedAt, e.Step, e.Due = sequence.Exited, sequence.ReasonUnsubscribed, at, at, "", time.Time{}
		e.Revision++
		r.same("stored", r.read(e.ID), e)
		_, err := r.sequences().PutEnrollment(r.t.Context(), running)
		r.fails("PutEnrollment of what was read before the end", err, leads.ErrStale)
	}
	r.stopped("Settle after the end", task)
	r.noStep("after the end")
}

func endEvent(r *rig) {
	e := r.enrolled("ann@example.com")
	at := r.tick()
	_, err := r.sequences().EndEnrollments(r.t.Context(), sequence.EnrollmentQuery{Tenant: r.tenant, ID: e.ID}, sequence.ReasonBounce, at)
	r.check(err == nil, "EndEnrollments: %v", err)
	ability[leads.History](r)
	events := r.timeline(e.LeadID)
	if len(events) != 1 {
		r.t.Fatalf("the timeline holds %+v", events)
	}
	event := events[0]
	r.check(event.Kind == leads.EventSequence && event.At.Equal(at) && event.Tenant == r.tenant && event.LeadID == e.LeadID && len(event.ID) == 36, "the event is %+v", event)
	var data sequence.Progress
	err = json.Unmarshal(event.Data, &data)
	want := sequence.Progress{Enrollment: e.ID, Sequence: e.SequenceID, State: sequence.Exited, Reason: sequence.ReasonBounce}
	r.check(err == nil && data == want, "its data is %s, %v", event.Data, err)
}

func endReturned(r *rig) {
	all := r.enrollMany(3)
	ended := r.endEnrollments(sequence.EnrollmentQuery{Tenant: r.tenant})
	slices.SortFunc(ended, func(a, b sequence.Enrollment) int { return cmp.Compare(b.ID, a.ID) })
	r.check(len(ended) == len(all), "EndEnrollments returned %d, want %d", len(ended), len(all))
	for i := range min(len(ended), len(all)) {
		r.same("returned", ended[i], r.read(all[i].ID))
	}
	stored := r.read(all[0].ID)
	scribble(ended)
	r.same("after the caller changed what it had got", r.read(all[0].ID), stored)
}
