package sequence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openleads/leads"
)

// ErrSuppressed says that the lead's address may not be written to.
var ErrSuppressed = errors.New("sequence: the address is suppressed")

// EnrollLead enrols a lead in a sequence because a person, or the host, says so; by names them. Neither Match nor consent, confirmation or
// the kind of address are asked for: whoever enrols answers for that. It returns [leads.ErrNotFound] for a lead or sequence that
// there is not, [ErrEnrolled], [ErrSuppressed], and an error that wraps [leads.ErrInvalid] when a sequence with mails has no address to write to.
func (s *Sequencer) EnrollLead(ctx context.Context, tenant, leadID, sequenceID, by string) (Enrollment, error) {
	lead, err := s.store.Lead(ctx, tenant, leadID)
	if err != nil {
		return Enrollment{}, err
	}
	d, err := s.definition(ctx, tenant, sequenceID, 0)
	if err != nil {
		return Enrollment{}, err
	}
	p, err := s.person(ctx, lead)
	switch {
	case err != nil:
		return Enrollment{}, err
	case d.mails() && p.key == "":
		return Enrollment{}, fmt.Errorf("%w: the lead has no address to write to", leads.ErrInvalid)
	case stopped(p.stops, d.purpose()) != "":
		return Enrollment{}, ErrSuppressed
	case len(d.Steps) == 0:
		return Enrollment{}, fmt.Errorf("%w: the sequence has no steps", leads.ErrInvalid)
	}
	now := s.now()
	earlier, err := s.store.Enrollments(ctx, EnrollmentQuery{Tenant: tenant, LeadID: leadID, SequenceID: sequenceID})
	if err != nil {
		return Enrollment{}, err
	}
	p.trusted = true
	since, ok := d.since(p, earlier, s.zone(lead, Sender{}), now)
	if !ok {
		return Enrollment{}, ErrEnrolled
	}
	e := s.enrollment(ctx, d, p, now)
	e.By = by
	return s.store.Enroll(ctx, e, since, progress(e, now, Progress{By: by}))
}

// Pause keeps an enrolment from going on until Resume; no mail of it begins once Pause has returned. by names who did it. One that is paused
// already stays so; for one that has ended or waits for a confirmation it returns an error that wraps [leads.ErrInvalid].
func (s *Sequencer) Pause(ctx context.Context, tenant, enrollmentID, by string) error {
	return s.change(ctx, tenant, enrollmentID, func(e Enrollment) error {
		switch e.State {
		case Paused:
			return nil
		case Active:
			now := s.now()
			e.State, e.Reason, e.UpdatedAt = Paused, ReasonByHand, now
			_, err := s.store.PutEnrollment(ctx, e, progress(e, now, Progress{By: by}))
			return err
		}
		return fmt.Errorf("%w: an enrolment that is %s cannot be paused", leads.ErrInvalid, e.State)
	})
}

// Resume lets a paused enrolment go on where it stood. What was due meanwhile is due now, or at the next of the sequence's hours. For one that
// has ended it returns an error that wraps [leads.ErrInvalid]; any other is left as it is.
func (s *Sequencer) Resume(ctx context.Context, tenant, enrollmentID, by string) error {
	return s.change(ctx, tenant, enrollmentID, func(e Enrollment) error {
		switch {
		case e.State.Ended():
			return fmt.Errorf("%w: an enrolment that is %s cannot be resumed", leads.ErrInvalid, e.State)
		case e.State != Paused || e.unconfirmed():
			return nil
		}
		return s.restart(ctx, e, e.Reason, by, func(e *Enrollment, now time.Time) {
			if e.Due.Before(now) {
				e.Due = now
			}
		})
	})
}

// Exit ends an enrolment; no mail of it begins once Exit has returned. One that has ended already stays as it is. An empty reason means
// [ReasonByHand].
func (s *Sequencer) Exit(ctx context.Context, tenant, enrollmentID string, reason Reason, by string) error {
	if reason == "" {
		reason = ReasonByHand
	}
	return s.change(ctx, tenant, enrollmentID, func(e Enrollment) error {
		if e.State.Ended() {
			return nil
		}
		return s.leave(ctx, e, reason, by)
	})
}

// ExitLead ends every enrolment of a lead.
func (s *Sequencer) ExitLead(ctx context.Context, tenant, leadID string, reason Reason) error {
	_, err := s.store.EndEnrollments(ctx, EnrollmentQuery{Tenant: tenant, LeadID: leadID}, reason, s.now())
	return err
}

// MoveToVersion has an enrolment go on with another version of its sequence; 0 means the current one. It goes on with the step of the same ID,
// or, where that is gone, with the first below that was not run. It returns [leads.ErrNotFound] for a version that there is not, and an
// error that wraps [leads.ErrInvalid] for an enrolment that has ended or waits for a confirmation.
func (s *Sequencer) MoveToVersion(ctx context.Context, tenant, enrollmentID string, version int64, by string) error {
	return s.change(ctx, tenant, enrollmentID, func(e Enrollment) error {
		if e.State != Active && e.State != Paused || e.unconfirmed() {
			return fmt.Errorf("%w: an enrolment that is %s cannot be moved", leads.ErrInvalid, e.State)
		}
		d, err := s.definition(ctx, tenant, e.SequenceID, version)
		if err != nil {
			return err
		}
		move := func(e *Enrollment, now time.Time) {
			e.Version = d.Version
			if _, there := d.step(e.Step); there {
				return
			}
			if e.Step = d.notRun(e.Passed); e.Step == "" {
				e.State, e.Due, e.EndedAt = Finished, time.Time{}, now
				return
			}
			e.Due = d.dueAfter(e.Step, now, zoneNamed(e.Zone, time.UTC))
		}
		if e.State == Active {
			return s.restart(ctx, e, ReasonByHand, by, move)
		}
		now := s.now()
		move(&e, now)
		_, err = s.store.PutEnrollment(ctx, e, progress(e, now, Progress{By: by}))
		return err
	})
}

// notRun returns the first step below the last one that was run, or "".
func (d Definition) notRun(passed []Passed) string {
	at := -1
	for _, p := range passed {
		at = max(at, d.index(p.Step))
	}
	if at+1 == len(d.Steps) {
		return ""
	}
	return d.Steps[at+1].ID
}

// change does something to an enrolment as it is now, and again when somebody else was quicker.
func (s *Sequencer) change(ctx context.Context, tenant, id string, do func(e Enrollment) error) error {
	for {
		e, err := s.store.Enrollment(ctx, tenant, id)
		if err != nil {
			return err
		}
		if err = do(e); !leads.IsStale(err) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
