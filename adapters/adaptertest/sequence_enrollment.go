package adaptertest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

const (
	saysEnrollment  = "Enrollment returns one enrolment, or ErrNotFound."
	saysEnrollments = "Enrollments returns a page of enrolments, the newest first by ID."
	saysQuery       = "EnrollmentQuery selects enrolments of a tenant; the fields that are not empty all count."
	saysPutEnroll   = "PutEnrollment stores e if its Revision is that of the stored one, with the events, and returns it with its new Revision; otherwise it returns ErrStale, also when there is none, and changes nothing."
)

func enrollmentContracts() []contract {
	return []contract{
		{"enrollment/absent", saysEnrollment, enrollmentAbsent},
		{"enrollment/malformed IDs", saysSeqBadIDs, enrollmentBadIDs},
		{"enrollment/in two tenants", saysEnrollment, enrollmentTenants},
		{"enrollment/put", saysPutEnroll, enrollmentPut},
		{"enrollment/put stale", saysPutEnroll, enrollmentStale},
		{"enrollment/put all or nothing", saysPutEnroll, enrollmentAllOrNothing},
		{"enrollment/put at once", saysPutEnroll, enrollmentTogether},
		{"enrollment/ended context", saysSeqEnded, enrollmentEnded},
		{"enrollments/pages", saysEnrollments, enrollmentPages},
		{"enrollments/behind what is not there", `the ID of the last one of the page before, or ""; EndEnrollments ignores it`, enrollmentsBehind},
		{"enrollments/in any state", "empty means any", enrollmentsAnyState},
		{"enrollments/selected", saysQuery, enrollmentsSelected},
		{"enrollments/limits", "0 means 100, and above 1,000 means 1,000; EndEnrollments ignores it", enrollmentLimits},
	}
}

// noEnrollment checks that an enrolment is absent.
func (r *rig) noEnrollment(tenant, id string) {
	r.t.Helper()
	_, err := r.sequences().Enrollment(r.t.Context(), tenant, id)
	r.fails("Enrollment("+shown(id)+")", err, leads.ErrNotFound)
}

func enrollmentAbsent(r *rig) {
	e := r.enrolled("ann@example.com")
	r.as("other")
	r.noEnrollment("other", e.ID)
	r.noEnrollment("", e.ID)
	r.noEnrollment(r.tenant, leads.NewID())
	r.noEnrollment(r.tenant, e.LeadID)
	_, err := r.sequences().PutEnrollment(r.t.Context(), r.enrollment(e.LeadID))
	r.fails("PutEnrollment of one that is not there", err, leads.ErrStale)
	foreign := e
	foreign.Tenant = "other"
	_, err = r.sequences().PutEnrollment(r.t.Context(), foreign)
	r.fails("PutEnrollment of another tenant's", err, leads.ErrStale)
	r.same("the enrolment", r.read(e.ID), e)
}

func enrollmentBadIDs(r *rig) {
	e := r.enrolled("ann@example.com")
	for _, id := range badIDs() {
		r.noEnrollment(r.tenant, id)
		bad := e
		bad.ID = id
		_, err := r.sequences().PutEnrollment(r.t.Context(), bad)
		r.check(err != nil, "PutEnrollment(%s) returned no error", shown(id))
		if id == "" {
			continue
		}
		for _, q := range []sequence.EnrollmentQuery{{Tenant: r.tenant, ID: id}, {Tenant: r.tenant, LeadID: id}} {
			r.check(len(r.enrollments(q)) == 0, "Enrollments finds %s", shown(id))
			r.check(len(r.endEnrollments(q)) == 0, "EndEnrollments finds %s", shown(id))
		}
	}
	r.same("the enrolment", r.read(e.ID), e)
}

func enrollmentTenants(r *rig) {
	other := r.as("other")
	mine := r.enrolled("ann@example.com")
	theirs := other.enrollment(other.person("ann@example.com"))
	theirs.ID, theirs.AddressKey = mine.ID, mine.AddressKey
	theirs = other.enroll(theirs)
	mine = r.inState(mine, sequence.Paused)
	r.same("mine", r.read(mine.ID), mine)
	r.same("theirs", other.read(mine.ID), theirs)
	r.endEnrollments(sequence.EnrollmentQuery{Tenant: r.tenant, AddressKey: mine.AddressKey})
	r.same("theirs after mine was ended", other.read(mine.ID), theirs)
	other.step(theirs)
	r.check(len(other.enrollments(sequence.EnrollmentQuery{Tenant: "other"})) == 1, "the tenants' enrolments are mixed")
}

func enrollmentPut(r *rig) {
	e := r.enrolled("ann@example.com")
	for revision := int64(2); revision < 5; revision++ {
		e.Step, e.Due, e.UpdatedAt = fmt.Sprintf("step%d", revision), r.tick(), r.tick()
		e.Passed = append(e.Passed, sequence.Passed{Step: "before", At: r.tick(), Outcome: "sent", Delivery: "key"})
		event := r.note(e.LeadID)
		event.Tenant, event.LeadID = "", ""
		stored := r.putEnrollment(e, event)
		e.Revision = revision
		r.same("returned", stored, e)
		r.same("read", r.read(e.ID), e)
		r.told("after a write", e.LeadID, int(revision)-1)
		if events := r.timeline(e.LeadID); len(events) > 0 {
			event.Tenant, event.LeadID = e.Tenant, e.LeadID
			r.same("event", events[len(events)-1], event)
		}
	}
}

func enrollmentStale(r *rig) {
	e := r.enrolled("ann@example.com")
	e.Due = r.soon().Add(hour)
	e = r.putEnrollment(e)
	for _, revision := range []int64{0, 1, 3, -1} {
		late := e
		late.Revision, late.State, late.Step = revision, sequence.Paused, "late"
		_, err := r.sequences().PutEnrollment(r.t.Context(), late, r.note(e.LeadID))
		r.fails(fmt.Sprintf("PutEnrollment of revision %d", revision), err, leads.ErrStale)
	}
	r.same("the enrolment", r.read(e.ID), e)
	r.told("after stale writes", e.LeadID, 0)
	r.stepAt(e.Due.Add(time.Minute), e)
}

func enrollmentAllOrNothing(r *rig) {
	e := r.enrolled("ann@example.com")
	changed, bad := e, r.note(e.LeadID)
	changed.State, bad.ID = sequence.Paused, "not-a-uuid"
	_, err := r.sequences().PutEnrollment(r.t.Context(), changed, r.note(e.LeadID), bad)
	r.check(err != nil, "an event's ID cannot be stored, and PutEnrollment says nothing")
	r.same("the enrolment", r.read(e.ID), e)
	r.told("after nothing was stored", e.LeadID, 0)
	r.step(e)
}

func enrollmentTogether(r *rig) {
	const n = 16
	e := r.enrolled("ann@example.com")
	var won atomic.Int32
	events := make([]leads.Event, n)
	for i := range events {
		events[i] = r.note(e.LeadID)
	}
	r.together(n, func(i int) error {
		mine := e
		mine.Step = fmt.Sprintf("step%d", i)
		_, err := r.sequences().PutEnrollment(r.t.Context(), mine, events[i])
		if errors.Is(err, leads.ErrStale) {
			return nil
		} else if err == nil {
			won.Add(1)
		}
		return err
	})
	r.check(won.Load() == 1 && r.read(e.ID).Revision == 2, "of %d writes at once %d succeeded, to revision %d", n, won.Load(), r.read(e.ID).Revision)
	r.told("after many writes", e.LeadID, 1)
	r.step(e)
}

func enrollmentEnded(r *rig) {
	e, ctx := r.enrolled("ann@example.com"), ended(r.t)
	_, err := r.sequences().Enrollment(ctx, r.tenant, e.ID)
	r.check(err != nil && !errors.Is(err, leads.ErrNotFound), "Enrollment with an ended context returned the error %v", err)
	_, err = r.sequences().Enrollments(ctx, sequence.EnrollmentQuery{Tenant: r.tenant})
	r.check(err != nil, "Enrollments with an ended context returned no error")
	paused := e
	paused.State = sequence.Paused
	_, err = r.sequences().PutEnrollment(ctx, paused, r.note(e.LeadID))
	r.check(err != nil, "PutEnrollment with an ended context returned no error")
	_, err = r.sequences().EndEnrollments(ctx, sequence.EnrollmentQuery{Tenant: r.tenant}, sequence.ReasonReply, r.tick())
	r.check(err != nil, "EndEnrollments with an ended context returned no error")
	r.same("the enrolment", r.read(e.ID), e)
	r.told("after an ended context", e.LeadID, 0)
	r.step(e)
}

func (r *rig) enrollments(q sequence.EnrollmentQuery) []sequence.Enrollment {
	r.t.Helper()
	page, err := r.sequences().Enrollments(r.t.Context(), q)
	if err != nil {
		r.t.Fatalf("Enrollments: %v", err)
	}
	return page
}

// enrollMany enrols one lead in n sequences and returns the enrolments, the newest first by ID.
func (r *rig) enrollMany(n int) []sequence.Enrollment {
	r.t.Helper()
	id := r.person("ann@example.com")
	all := make([]sequence.Enrollment, n)
	for i := range all {
		all[i] = r.enrollment(id)
		all[i].SequenceID = fmt.Sprintf("sequence%d", i)
	}
	r.together(8, func(worker int) error {
		for i := worker; i < n; i += 8 {
			stored, err := r.sequences().Enroll(r.t.Context(), all[i], r.start)
			if err != nil {
				return err
			}
			all[i] = stored
		}
		return nil
	})
	slices.SortFunc(all, func(a, b sequence.Enrollment) int { return cmp.Compare(b.ID, a.ID) })
	return all
}

func enrollmentPages(r *rig) {
	want := r.enrollMany(25)
	var got []sequence.Enrollment
	q := sequence.EnrollmentQuery{Tenant: r.tenant, Limit: 10}
	for _, n := range []int{10, 10, 5, 0} {
		page := r.enrollments(q)
		r.check(len(page) == n, "a page of %d enrolments, want %d", len(page), n)
		if got = append(got, page...); len(got) > 0 {
			q.After = got[len(got)-1].ID
		}
	}
	r.same("the pages", got, want)
}

func enrollmentsBehind(r *rig) {
	all := r.enrollMany(3)
	r.same("behind a newer ID", r.enrollments(sequence.EnrollmentQuery{Tenant: r.tenant, After: leads.NewID()}), all)
	r.same("behind the second", r.enrollments(sequence.EnrollmentQuery{Tenant: r.tenant, After: all[1].ID}), all[2:])
	for _, id := range badIDs() {
		r.enrollments(sequence.EnrollmentQuery{Tenant: r.tenant, After: id})
	}
	ended := r.endEnrollments(sequence.EnrollmentQuery{Tenant: r.tenant, After: all[2].ID})
	r.check(len(ended) == 3, "EndEnrollments ended %d of 3", len(ended))
}

func enrollmentsAnyState(r *rig) {
	states := append(moving(), still()...)
	for i, state := range states {
		r.inState(r.enrolled(fmt.Sprintf("person%d@example.com", i)), state)
	}
	for _, none := range [][]sequence.State{nil, {}} {
		page := r.enrollments(sequence.EnrollmentQuery{Tenant: r.tenant, States: none})
		r.check(len(page) == len(states), "of %d states there are %+v", len(states), page)
	}
}

// selection is a query and which of the enrolments of several it selects.
type selection struct {
	what string
	q    sequence.EnrollmentQuery
	want []int
}

// several makes five enrolments that differ in everything that can be asked for, and one of another tenant.
func (r *rig) several() []sequence.Enrollment {
	r.t.Helper()
	ann, bob := r.person("ann@example.com"), r.person("bob@example.com")
	all := []sequence.Enrollment{r.enrollment(ann), r.enrollment(ann), r.enrollment(bob), r.enrollment(bob), r.enrollment(bob)}
	for i, id := range []string{"a", "b", "a", "b", "c"} {
		all[i].SequenceID = id
	}
	all[1].State, all[3].State = sequence.Pending, sequence.Paused
	for i := range all {
		all[i].AddressKey = []string{"first", "first", "second", "second", "first"}[i]
		all[i] = r.enroll(all[i])
	}
	other := r.as("other than " + r.tenant)
	theirs := other.enrollment(other.person("ann@example.com"))
	theirs.SequenceID, theirs.AddressKey = "a", "first"
	other.enroll(theirs)
	return all
}

// selections are queries of what several makes.
func selections(all []sequence.Enrollment) []selection {
	ann, bob := all[0].LeadID, all[2].LeadID
	return []selection{
		{"everything", sequence.EnrollmentQuery{}, []int{0, 1, 2, 3, 4}},
		{"by ID", sequence.EnrollmentQuery{ID: all[2].ID}, []int{2}},
		{"by lead", sequence.EnrollmentQuery{LeadID: ann}, []int{0, 1}},
		{"by sequence", sequence.EnrollmentQuery{SequenceID: "b"}, []int{1, 3}},
		{"by address", sequence.EnrollmentQuery{AddressKey: "first"}, []int{0, 1, 4}},
		{"by state", sequence.EnrollmentQuery{States: []sequence.State{sequence.Paused}}, []int{3}},
		{"by states", sequence.EnrollmentQuery{States: []sequence.State{sequence.Pending, sequence.Paused}}, []int{1, 3}},
		{"by lead and sequence", sequence.EnrollmentQuery{LeadID: bob, SequenceID: "a"}, []int{2}},
		{"by sequence and address", sequence.EnrollmentQuery{SequenceID: "a", AddressKey: "first"}, []int{0}},
		{"by ID of another lead", sequence.EnrollmentQuery{ID: all[0].ID, LeadID: bob}, nil},
		{"by address and state", sequence.EnrollmentQuery{AddressKey: "first", States: []sequence.State{sequence.Active}}, []int{0, 4}},
		{"by an address that is not there", sequence.EnrollmentQuery{AddressKey: "FIRST"}, nil},
		{"by a sequence that is not there", sequence.EnrollmentQuery{SequenceID: "z"}, nil},
	}
}

// picked are the enrolments of a selection, the newest first by ID.
func (s selection) picked(all []sequence.Enrollment) []sequence.Enrollment {
	var picked []sequence.Enrollment
	for _, i := range s.want {
		picked = append(picked, all[i])
	}
	slices.SortFunc(picked, func(a, b sequence.Enrollment) int { return cmp.Compare(b.ID, a.ID) })
	return picked
}

func enrollmentsSelected(r *rig) {
	all := r.several()
	for _, s := range selections(all) {
		s.q.Tenant = r.tenant
		r.same(s.what, r.enrollments(s.q), s.picked(all))
	}
	r.check(len(r.enrollments(sequence.EnrollmentQuery{Tenant: "nobody"})) == 0, "a tenant without enrolments has some")
}

func enrollmentLimits(r *rig) {
	r.enrollMany(1001)
	for limit, want := range map[int]int{0: 100, 1: 1, 1000: 1000, 1001: 1000, 1 << 30: 1000} {
		got := len(r.enrollments(sequence.EnrollmentQuery{Tenant: r.tenant, Limit: limit}))
		r.check(got == want, "with limit %d there are %d enrolments, want %d", limit, got, want)
	}
	ended := r.endEnrollments(sequence.EnrollmentQuery{Tenant: r.tenant, Limit: 1, After: r.enrollments(sequence.EnrollmentQuery{Tenant: r.tenant})[50].ID})
	r.check(len(ended) == 1001, "EndEnrollments ended %d of 1001", len(ended))
	r.noStep("after all were ended")
}
