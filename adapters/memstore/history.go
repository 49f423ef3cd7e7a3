package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// Lead returns one lead, or [leads.ErrNotFound].
func (s *Store) Lead(ctx context.Context, tenant, id string) (leads.Lead, error) {
	if err := s.begin(ctx, "lead"); err != nil {
		return leads.Lead{}, err
	}
	defer s.mu.Unlock()
	lead, ok := s.tables.leads[key{tenant, id}]
	if !ok {
		return leads.Lead{}, leads.ErrNotFound
	}
	return cloneLead(lead), nil
}

// Leads returns a page of the tenant's leads, newest first. See [leads.Lister]. A Limit above 100 means 100.
func (s *Store) Leads(ctx context.Context, q leads.LeadQuery) ([]leads.Lead, error) {
	if err := s.begin(ctx, "leads"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var page []leads.Lead
	for k, lead := range s.tables.leads {
		if k.tenant == q.Tenant && (q.After == "" || lead.ID < q.After) {
			page = append(page, lead)
		}
	}
	slices.SortFunc(page, func(a, b leads.Lead) int { return cmp.Compare(b.ID, a.ID) })
	page = page[:min(len(page), max(0, cmp.Or(q.Limit, 20)), 100)]
	for i := range page {
		page[i] = cloneLead(page[i])
	}
	return page, nil
}

// Submissions returns the submissions of a lead, oldest first. See [leads.History].
func (s *Store) Submissions(ctx context.Context, tenant, leadID string) ([]ingest.Submission, error) {
	if err := s.beginLead(ctx, "submissions", key{tenant, leadID}); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var subs []ingest.Submission
	for _, id := range s.tables.arrivals[key{tenant, leadID}] {
		subs = append(subs, cloneSubmission(s.tables.submissions[key{tenant, id}].Submission))
	}
	slices.SortStableFunc(subs, func(a, b ingest.Submission) int { return a.Received.Compare(b.Received) })
	return subs, nil
}

// Events returns the timeline of a lead, oldest first. See [leads.History].
func (s *Store) Events(ctx context.Context, tenant, leadID string) ([]leads.Event, error) {
	if err := s.beginLead(ctx, "events", key{tenant, leadID}); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var events []leads.Event
	for _, event := range s.tables.timelines[key{tenant, leadID}] {
		events = append(events, cloneEvent(event))
	}
	slices.SortStableFunc(events, func(a, b leads.Event) int { return a.At.Compare(b.At) })
	return events, nil
}

// Tasks returns the waiting, running and dead tasks of a lead, oldest first. See [leads.History].
func (s *Store) Tasks(ctx context.Context, tenant, leadID string) ([]leads.Task, error) {
	if err := s.beginLead(ctx, "tasks", key{tenant, leadID}); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var tasks []leads.Task
	for k, task := range s.tables.tasks {
		if k.tenant == tenant && task.LeadID == leadID {
			tasks = append(tasks, s.withDeliveries(task))
		}
	}
	slices.SortFunc(tasks, func(a, b leads.Task) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return tasks, nil
}

// Requeue makes a dead task due at once, with its attempts counted anew. See [leads.History].
func (s *Store) Requeue(ctx context.Context, tenant, taskID string) error {
	if err := s.begin(ctx, "requeue"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	k := key{tenant, taskID}
	task, ok := s.tables.tasks[k]
	if !ok {
		return leads.ErrNotFound
	}
	if task.State != leads.TaskDead {
		return nil
	}
	now := s.now()
	task.State, task.Due, task.Attempts = leads.TaskWaiting, now, 0
	s.tables.tasks[k] = task
	s.record(leads.Event{
		Tenant: tenant, ID: leads.NewID(), LeadID: task.LeadID, Kind: leads.EventReplayed,
		At: now, SubmissionID: task.SubmissionID, TaskID: taskID,
	})
	return nil
}

// Release accepts a quarantined submission. See [leads.History].
func (s *Store) Release(ctx context.Context, tenant, submissionID string) (leads.Captured, error) {
	if err := s.begin(ctx, "release"); err != nil {
		return leads.Captured{}, err
	}
	defer s.mu.Unlock()
	sub, ok := s.tables.submissions[key{tenant, submissionID}]
	switch {
	case !ok:
		return leads.Captured{}, leads.ErrNotFound
	case sub.Verdict != ingest.Quarantined:
		return leads.Captured{SubmissionID: sub.ID, LeadID: sub.leadID, DuplicateOf: sub.DuplicateOf}, nil
	}
	sub.Verdict = ingest.Accepted
	captured := s.accept(sub.Submission)
	s.record(leads.Event{
		Tenant: tenant, ID: leads.NewID(), LeadID: captured.LeadID, Kind: leads.EventReleased,
		At: s.now(), SubmissionID: submissionID,
	})
	return captured, nil
}

// beginLead is begin for what belongs to a lead that must exist.
func (s *Store) beginLead(ctx context.Context, operation string, lead key) error {
	if err := s.begin(ctx, operation); err != nil {
		return err
	}
	if _, ok := s.tables.leads[lead]; !ok {
		s.mu.Unlock()
		return leads.ErrNotFound
	}
	return nil
}
