package memstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
)

// keyLife is how long an idempotency key is remembered.
const keyLife = 72 * time.Hour

// Capture makes the submissions durable, as far as memory is. See [leads.Store].
func (s *Store) Capture(ctx context.Context, subs []ingest.Submission) ([]leads.Captured, error) {
	if err := s.begin(ctx, "capture"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	captured := make([]leads.Captured, len(subs))
	for i, sub := range subs {
		captured[i] = s.capture(sub)
	}
	return captured, nil
}

func (s *Store) capture(sub ingest.Submission) leads.Captured {
	if err := s.refuse(sub); err != nil {
		return leads.Captured{SubmissionID: sub.ID, Err: err}
	}
	sub = cloneSubmission(sub)
	if sub.Key != "" {
		k := idempotency{sub.Tenant, sub.SourceID, sub.Key}
		earlier, used := s.used(k, sub.Received)
		switch {
		case used && earlier.Digest == sub.Digest:
			return leads.Captured{SubmissionID: earlier.ID, LeadID: earlier.leadID, DuplicateOf: earlier.DuplicateOf, Repeated: true}
		case used:
			sub.Key, sub.Flags = "", append(sub.Flags, ingest.FlagKeyConflict)
		default:
			s.tables.keys[k] = sub.ID
		}
	}
	if sub.Verdict == ingest.Quarantined {
		s.tables.submissions[key{sub.Tenant, sub.ID}] = submission{Submission: sub}
		return leads.Captured{SubmissionID: sub.ID}
	}
	return s.accept(sub)
}

// refuse says why a submission cannot be stored, as the columns and unique keys of a database would.
func (s *Store) refuse(sub ingest.Submission) error {
	if _, taken := s.tables.submissions[key{sub.Tenant, sub.ID}]; taken {
		return fmt.Errorf("memstore: capture: %w: the submission's ID is taken", leads.ErrInvalid)
	}
	if sub.SourceID != "" {
		return errors.Join(checkID("a submission", sub.ID), checkID("a submission's source", sub.SourceID))
	}
	return checkID("a submission", sub.ID)
}

// used finds the submission that has used the idempotency key within its life.
func (s *Store) used(k idempotency, at time.Time) (submission, bool) {
	id, ok := s.tables.keys[k]
	if !ok {
		return submission{}, false
	}
	earlier := s.tables.submissions[key{k.tenant, id}]
	return earlier, at.Sub(earlier.Received).Abs() < keyLife
}

// accept stores an accepted submission with what [leads.Fold] makes of the lead it belongs to.
func (s *Store) accept(sub ingest.Submission) leads.Captured {
	who := identity{sub.Tenant, leads.Identify(sub)}
	old := s.tables.leads[key{sub.Tenant, s.tables.identities[who]}]
	folded := leads.Fold(old, sub)
	sub.DuplicateOf = folded.DuplicateOf
	lead := folded.Lead

	k := key{sub.Tenant, lead.ID}
	s.tables.leads[k] = cloneLead(lead)
	s.tables.identities[who] = lead.ID
	s.tables.submissions[key{sub.Tenant, sub.ID}] = submission{Submission: sub, leadID: lead.ID}
	s.tables.arrivals[k] = append(s.tables.arrivals[k], sub.ID)
	s.add(folded.Events, folded.Tasks)
	return leads.Captured{SubmissionID: sub.ID, LeadID: lead.ID, Created: folded.Created, DuplicateOf: sub.DuplicateOf}
}

// record adds an event to its lead's timeline.
func (s *Store) record(event leads.Event) {
	k := key{event.Tenant, event.LeadID}
	s.tables.timelines[k] = append(s.tables.timelines[k], cloneEvent(event))
}

// enqueue puts a task into the queue, unless it is there already.
func (s *Store) enqueue(task leads.Task) {
	k := key{task.Tenant, task.ID}
	if _, there := s.tables.tasks[k]; there {
		return
	}
	task = cloneTask(task)
	task.State = leads.TaskWaiting
	if task.Due.IsZero() {
		task.Due = s.now()
	}
	s.tables.tasks[k] = task
}
