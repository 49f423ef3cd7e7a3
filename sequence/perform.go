package sequence

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/openleads/leads"
)

// bySequence is the By of what a sequence does to a lead.
const bySequence = "sequence"

// The outcomes of a step that was run, beside "done" and the names of ways and arms.
const (
	outcomeSent    = "sent"    // the mail was handed over
	outcomeHeld    = "held"    // it may have been, nobody can tell, and it was not repeated
	outcomeRefused = "refused" // the mailer refused it for good; the delivery has its words
	outcomeSkipped = "skipped" // there was nothing to do it with
)

// perform does what a step does. An empty outcome is what the definition says of the step.
func (s *Sequencer) perform(ctx context.Context, r *run, step Step, view View) (Passed, error) {
	switch {
	case step.Email != nil:
		return s.mail(ctx, r, step, view)
	case step.Notify != nil:
		return Passed{}, s.notify(ctx, r, step, view)
	case step.Webhook != nil:
		return s.post(ctx, r, step)
	case step.Assign != nil:
		return Passed{}, s.edit(ctx, r, func(l *leads.Lead, c leads.Change, at time.Time) (leads.Event, bool) {
			c.To = step.Assign.To
			return l.Assign(c, at)
		})
	case step.Status != nil:
		return Passed{}, s.edit(ctx, r, func(l *leads.Lead, c leads.Change, at time.Time) (leads.Event, bool) {
			c.To = string(step.Status.To)
			return l.SetStatus(c, at)
		})
	case step.Tag != nil:
		return Passed{}, s.edit(ctx, r, func(l *leads.Lead, c leads.Change, at time.Time) (leads.Event, bool) {
			c.From, c.To = step.Tag.Remove, step.Tag.Add
			return l.Tag(c, at)
		})
	}
	return Passed{}, nil // a wait that is over, a way to take
}

// edit changes the lead, in a transaction of its own and not in that which settles the task: a crash before the enrolment is moved on
// repeats it, which changes nothing, while one after it would lose a change that was still to be settled.
func (s *Sequencer) edit(ctx context.Context, r *run, change func(*leads.Lead, leads.Change, time.Time) (leads.Event, bool)) error {
	c := leads.Change{By: bySequence, Reason: cmp.Or(r.def.Name, r.def.ID)}
	_, err := s.store.Edit(ctx, r.e.Tenant, r.e.LeadID, func(lead *leads.Lead) ([]leads.Event, []leads.Task, error) {
		ev, changed := change(lead, c, s.now())
		if !changed {
			return nil, nil, nil
		}
		return []leads.Event{ev}, nil, nil
	})
	if leads.IsNotFound(err) {
		return leaves{ReasonErased}
	}
	return err
}

// notify has the team told. The task's ID is made of the step's, so that a repeated step finds it in the queue.
func (s *Sequencer) notify(ctx context.Context, r *run, step Step, view View) error {
	note, err := step.Notify.fill(view)
	if err != nil {
		return leads.Permanent(fmt.Errorf("sequence: the note of step %q: %w", step.ID, err))
	}
	notice := leads.Notice{Kind: leads.NotifyCustom, Note: note, To: step.Notify.To}
	task := leads.NoticeTask(r.e.Tenant, r.e.LeadID, notice, time.Time{})
	task.ID, task.CreatedAt = leads.TaskID(r.e.Tenant, "sequence/"+r.e.ID+"/"+step.ID), s.now()
	return s.ledger(r).Schedule(ctx, task)
}

// Posted is the data of a webhook step's call.
type Posted struct {
	Enrollment string     `json:"enrollment"`
	Sequence   string     `json:"sequence"`
	Step       string     `json:"step"`
	Lead       leads.Lead `json:"lead"`
}

// post calls an endpoint. Repeated, it has the same ID.
func (s *Sequencer) post(ctx context.Context, r *run, step Step) (Passed, error) {
	if s.opts.Poster == nil {
		return Passed{Outcome: outcomeSkipped}, nil
	}
	id := leads.TaskID(r.e.Tenant, "sequence/"+r.e.ID+"/"+step.ID)
	data := Posted{Enrollment: r.e.ID, Sequence: r.e.SequenceID, Step: step.ID, Lead: r.lead}
	return Passed{}, s.opts.Poster.Post(ctx, r.e.Tenant, step.Webhook.Endpoint, cmp.Or(step.Webhook.Event, "sequence.step"), id, data)
}

func (s *Sequencer) ledger(r *run) leads.Ledger {
	return leads.Ledger{Store: s.store, Task: r.task, Now: s.now}
}
