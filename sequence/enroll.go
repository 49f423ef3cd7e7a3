package sequence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openleads/leads"
)

// again is after how long a person who was asked and did not confirm may be asked again.
const again = 30 * day

// byMatch is the By of an enrolment that nobody has asked for.
const byMatch = "match"

// Enroll enrols the lead in every sequence that stands open and whose Match holds, once in each unless ReEnter allows more. It returns no
// tasks: an enrolment is stored together with its task. It may be called again at any time.
//
// A sequence with mails takes only leads with an address of their own: one that is valid and takes mail as far as is known, that is neither
// disposable nor a shared mailbox (info@), and that has not been suppressed. It leaves out leads that are converted or closed, unless its Match
// asks for the status, and leads that have reached its Goal.
//
// Anybody can submit anybody's address through a source that is not Trusted. Such a person is enrolled in the first sequence only, as [Pending], and
// at most once in 24 hours; a single mail asks for a confirmation, and once that is given Enroll is called again for the other sequences.
func (s *Sequencer) Enroll(ctx context.Context, lead leads.Lead) ([]leads.Task, error) {
	if s.store == nil {
		return nil, errNoStore
	}
	p, err := s.person(ctx, lead)
	if err != nil {
		return nil, fmt.Errorf("sequence: enrol: %w", err)
	}
	open, err := s.current(ctx, lead.Tenant)
	if err != nil {
		return nil, fmt.Errorf("sequence: enrol: %w", err)
	}
	var errs []error
	for _, d := range open {
		if err := s.enrollMatch(ctx, d, p); ignoreGone(err) != nil && !errors.Is(err, ErrEnrolled) {
			errs = append(errs, fmt.Errorf("sequence: enrol in %q: %w", d.ID, err))
		}
	}
	return nil, errors.Join(errs...)
}

// enrollMatch enrols a person in a sequence if it is for them and they may be written to.
func (s *Sequencer) enrollMatch(ctx context.Context, d Definition, p person) error {
	state, ok := s.admits(d, p)
	if !ok {
		return nil
	}
	now := s.now()
	earlier, err := s.store.Enrollments(ctx, EnrollmentQuery{Tenant: p.lead.Tenant, LeadID: p.lead.ID, SequenceID: d.ID})
	if err != nil {
		return err
	}
	if d.mails() && !p.trusted && len(p.granted) == 0 {
		newest, err := s.store.Enrollments(ctx, EnrollmentQuery{Tenant: p.lead.Tenant, AddressKey: p.key, Limit: 1})
		if err != nil || len(newest) > 0 && recently(newest[0].CreatedAt, now) {
			return err
		}
	}
	since, ok := d.since(p, earlier, s.zone(p.lead, Sender{}), now)
	if !ok {
		return nil
	}
	e := s.enrollment(ctx, d, p, now)
	e.State, e.By = state, byMatch
	if state == Pending {
		e.Due = now // the mail that asks
	}
	_, err = s.store.Enroll(ctx, e, since, progress(e, now, Progress{}))
	return err
}

// admits says whether a sequence takes a person, and whether at once or once they have confirmed.
func (s *Sequencer) admits(d Definition, p person) (State, bool) {
	if d.Match == nil || len(d.Steps) == 0 {
		return "", false
	}
	state, consents := Active, p.granted
	if d.mails() {
		if !p.writable() || stopped(p.stops, d.purpose()) != "" {
			return "", false
		}
		if s.unconfirmed(p, d.purpose()) {
			state, consents = Pending, slices.Concat(p.granted, p.requested)
		}
	}
	if d.NeedsConsent && !slices.Contains(consents, d.purpose()) {
		return "", false
	}
	v := View{Lead: p.lead, Consents: consents, Now: s.now()}
	return state, d.Match.Match(v) && !d.over(v) && (d.Goal == nil || !d.Goal.Match(v))
}

// over reports whether the lead was won or lost and the sequence is not one for such leads: one whose Match asks for the status and holds.
func (d Definition) over(v View) bool {
	if v.Lead.Status != leads.StatusConverted && v.Lead.Status != leads.StatusClosed {
		return false
	}
	return !d.Match.names("status") || !d.Match.Match(v)
}

// since says which earlier enrolments stand in the way: see [Enrollments.Enroll]. It reports false when one does for certain.
func (d Definition) since(p person, earlier []Enrollment, zone *time.Location, now time.Time) (time.Time, bool) {
	if !d.ReEnter.IsZero() {
		for _, e := range earlier {
			if !e.State.Ended() || d.ReEnter.after(e.EndedAt, zone).After(now) {
				return time.Time{}, false
			}
		}
		return lastEnd(earlier).Add(time.Microsecond), true
	}
	if len(earlier) == 0 {
		return time.Time{}, true
	}
	// Who was asked and did not confirm has not been in the sequence.
	for _, e := range earlier {
		if e.Reason != ReasonUnconfirmed || now.Sub(e.EndedAt) < again && len(p.granted) == 0 && !p.trusted {
			return time.Time{}, false
		}
	}
	return lastEnd(earlier).Add(time.Microsecond), true
}

func lastEnd(all []Enrollment) time.Time {
	var last time.Time
	for _, e := range all {
		if e.EndedAt.After(last) {
			last = e.EndedAt
		}
	}
	return last
}

// enrollment makes an active enrolment that begins now.
func (s *Sequencer) enrollment(ctx context.Context, d Definition, p person, now time.Time) Enrollment {
	from, err := s.sender(ctx, p.lead.Tenant)
	if err != nil {
		from = Sender{} // only its zone is wanted here
	}
	zone := s.zone(p.lead, from)
	e := Enrollment{
		Tenant: p.lead.Tenant, ID: leads.NewID(), LeadID: p.lead.ID, SequenceID: d.ID, Version: d.Version, AddressKey: p.key,
		State: Active, Zone: zone.String(), CreatedAt: now, UpdatedAt: now,
	}
	e.Step, e.Due = d.start(now, zone)
	return e
}

// zone returns the time zone whose hours count for a lead.
func (s *Sequencer) zone(lead leads.Lead, from Sender) *time.Location {
	return zoneOf(lead, zoneNamed(from.Zone, time.UTC))
}
