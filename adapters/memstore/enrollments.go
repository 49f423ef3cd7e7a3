package memstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/sequence"
)

// Enroll stores a new enrolment with its task. See [sequence.Enrollments].
func (s *Store) Enroll(
	ctx context.Context, e sequence.Enrollment, since time.Time, events ...leads.Event,
) (sequence.Enrollment, error) {
	if err := s.beginLead(ctx, "enroll", key{e.Tenant, e.LeadID}); err != nil {
		return sequence.Enrollment{}, err
	}
	defer s.mu.Unlock()
	if s.enrolled(e, since) {
		return sequence.Enrollment{}, sequence.ErrEnrolled
	}
	if _, taken := s.tables.enrollments[key{e.Tenant, e.ID}]; taken {
		return sequence.Enrollment{}, fmt.Errorf("memstore: enroll: %w: the enrolment's ID is taken", leads.ErrInvalid)
	}
	if err := checkID("an enrolment", e.ID); err != nil {
		return sequence.Enrollment{}, err
	}
	e.Revision = 0
	return s.put(e, events)
}

// enrolled reports whether an earlier enrolment of the lead in the sequence stands in the way of e.
func (s *Store) enrolled(e sequence.Enrollment, since time.Time) bool {
	for _, other := range s.tables.enrollments {
		same := other.Tenant == e.Tenant && other.LeadID == e.LeadID && other.SequenceID == e.SequenceID
		if same && (!other.State.Ended() || since.IsZero() || !other.EndedAt.Before(since)) {
			return true
		}
	}
	return false
}

// Enrollment returns one enrolment, or [leads.ErrNotFound].
func (s *Store) Enrollment(ctx context.Context, tenant, id string) (sequence.Enrollment, error) {
	if err := s.begin(ctx, "enrollment"); err != nil {
		return sequence.Enrollment{}, err
	}
	defer s.mu.Unlock()
	e, ok := s.tables.enrollments[key{tenant, id}]
	if !ok {
		return sequence.Enrollment{}, leads.ErrNotFound
	}
	return cloneEnrollment(e), nil
}

// Enrollments returns a page of enrolments, the newest first by ID. See [sequence.Enrollments].
func (s *Store) Enrollments(ctx context.Context, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
	if err := s.begin(ctx, "enrollments"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	page := s.selected(q)
	slices.Reverse(page)
	page = slices.DeleteFunc(page, func(e sequence.Enrollment) bool { return q.After != "" && e.ID >= q.After })
	return page[:min(len(page), pageSize(q.Limit))], nil
}

// selected returns what q selects, the oldest first by ID.
func (s *Store) selected(q sequence.EnrollmentQuery) []sequence.Enrollment {
	var found []sequence.Enrollment
	for _, e := range s.tables.enrollments {
		if e.Tenant == q.Tenant && is(e.ID, q.ID) && is(e.LeadID, q.LeadID) && is(e.SequenceID, q.SequenceID) &&
			is(e.AddressKey, q.AddressKey) && (len(q.States) == 0 || slices.Contains(q.States, e.State)) {
			found = append(found, cloneEnrollment(e))
		}
	}
	slices.SortFunc(found, func(a, b sequence.Enrollment) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

// is reports whether a field is what a query wants.
func is(field, want string) bool { return want == "" || field == want }

// PutEnrollment stores an enrolment if its Revision is that of the stored one. See [sequence.Enrollments].
func (s *Store) PutEnrollment(ctx context.Context, e sequence.Enrollment, events ...leads.Event) (sequence.Enrollment, error) {
	if err := s.begin(ctx, "put enrollment"); err != nil {
		return sequence.Enrollment{}, err
	}
	defer s.mu.Unlock()
	stored, ok := s.tables.enrollments[key{e.Tenant, e.ID}]
	if !ok || stored.Revision != e.Revision {
		return sequence.Enrollment{}, leads.ErrStale
	}
	return s.put(e, events)
}

// EndEnrollments ends every enrolment that which selects. See [sequence.Enrollments].
func (s *Store) EndEnrollments(
	ctx context.Context, which sequence.EnrollmentQuery, reason sequence.Reason, at time.Time,
) ([]sequence.Enrollment, error) {
	if err := s.begin(ctx, "end enrollments"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ended []sequence.Enrollment
	for _, e := range s.selected(which) {
		if e.State.Ended() {
			continue
		}
		e.State, e.Reason, e.Step, e.Due, e.EndedAt, e.UpdatedAt = sequence.Exited, reason, "", time.Time{}, at, at
		data, _ := json.Marshal(sequence.Progress{Enrollment: e.ID, Sequence: e.SequenceID, State: e.State, Reason: reason}) // strings always encode
		e, err := s.put(e, []leads.Event{{Kind: leads.EventSequence, At: at, Data: data}})
		if err != nil {
			return nil, err
		}
		ended = append(ended, e)
	}
	return ended, nil
}

// put stores an enrolment with events of its lead, and sees to its task.
func (s *Store) put(e sequence.Enrollment, events []leads.Event) (sequence.Enrollment, error) {
	events, _, err := completed(e.Tenant, e.LeadID, events, nil)
	if err != nil {
		return sequence.Enrollment{}, err
	}
	e.Revision++
	k := key{e.Tenant, e.ID}
	s.tables.enrollments[k] = cloneEnrollment(e)
	s.add(events, nil)
	s.schedule(k, e)
	return cloneEnrollment(e), nil
}

// schedule gives an enrolment the task that its state demands, or takes it away.
func (s *Store) schedule(k key, e sequence.Enrollment) {
	if e.State != sequence.Pending && e.State != sequence.Active {
		delete(s.tables.tasks, k)
		return
	}
	if task, there := s.tables.tasks[k]; there && task.State == leads.TaskWaiting {
		task.Due = e.Due
		s.tables.tasks[k] = task
	}
	s.enqueue(leads.Task{Tenant: e.Tenant, ID: e.ID, Kind: leads.TaskStep, LeadID: e.LeadID, Due: e.Due, CreatedAt: s.now()})
}
