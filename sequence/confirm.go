package sequence

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/openleads/leads"
)

const (
	// confirmStep stands for the mail that asks in Enrollment.Passed and in the delivery's key. No step can have that ID.
	confirmStep = "@confirm"
	// expiry is how long a person has to confirm.
	expiry = 7 * day
	// reasonConfirming marks an enrolment that is being confirmed: see restart.
	reasonConfirming Reason = "confirming"
)

// confirmPlace is where the link stands in the text of a Confirmation.
const confirmPlace = "{{confirm}}"

// Confirmation is the mail that asks a person whether they want the mails (double opt-in). Nothing that came with a submission stands in it, since
// whoever submitted it may be somebody else.
type Confirmation struct {
	Subject string // "" means "Please confirm your address"
	// Body is Markdown and names the link "{{confirm}}". "" means a text in English.
	Body string
	// Never is the label of the link by which a person who has asked for nothing stops all mails. "" means "I did not ask for this: never
	// write to me".
	Never string
}

func (c Confirmation) withDefaults() Confirmation {
	c.Subject = cmp.Or(c.Subject, "Please confirm your address")
	c.Body = cmp.Or(c.Body, "Hello,\n\nsomebody, probably you, left this address with us. May we write to you?\n\n[Yes, write to me]("+confirmPlace+")\n\n"+
		"If it was not you, do nothing: we will not write again.")
	c.Never = cmp.Or(c.Never, "I did not ask for this: never write to me")
	return c
}

// ask sends the mail that asks for a confirmation, and ends the enrolment when there was none in time.
func (s *Sequencer) ask(ctx context.Context, r *run) error {
	if r.asked() || s.now().Sub(r.e.CreatedAt) >= expiry {
		return leaves{ReasonUnconfirmed}
	}
	if err := s.suppressed(ctx, r, r.e.AddressKey); err != nil {
		return err
	}
	d, again := begun(r.task, r.e.ID+"/"+confirmStep)
	outcome := outcomeSkipped
	if !again {
		elsewhere, err := s.askedElsewhere(ctx, r.e)
		if err != nil {
			return err
		}
		if elsewhere {
			return s.awaitAnswer(ctx, r, Passed{Outcome: outcome})
		}
		if d, err = s.question(ctx, r); err != nil {
			return err
		}
	}
	outcome, err := s.send(ctx, r, d, true)
	if outcome == outcomeRefused {
		return leaves{ReasonBounce}
	}
	if err != nil {
		return err
	}
	return s.awaitAnswer(ctx, r, Passed{Outcome: outcome, Delivery: d.Key})
}

// asked reports whether the person was asked, here or by another enrolment.
func (r *run) asked() bool {
	return slices.ContainsFunc(r.e.Passed, func(p Passed) bool { return p.Step == confirmStep })
}

// askedElsewhere reports whether the mail of another enrolment of the address waits for an answer, which will be the answer for this one too.
func (s *Sequencer) askedElsewhere(ctx context.Context, e Enrollment) (bool, error) {
	others, err := s.store.Enrollments(ctx, EnrollmentQuery{Tenant: e.Tenant, AddressKey: e.AddressKey, States: []State{Pending}})
	return slices.ContainsFunc(others, func(other Enrollment) bool {
		return slices.ContainsFunc(other.Passed, func(p Passed) bool { return p.Step == confirmStep && p.Delivery != "" })
	}), err
}

// awaitAnswer notes that the person was asked.
func (s *Sequencer) awaitAnswer(ctx context.Context, r *run, passed Passed) error {
	now := s.now()
	e := r.e
	passed.Step, passed.At = confirmStep, now
	e.Passed, e.Due, e.UpdatedAt = append(slices.Clone(e.Passed), passed), now.Add(expiry), now
	stored, err := s.store.PutEnrollment(ctx, e, progress(e, now, Progress{Step: confirmStep, Outcome: passed.Outcome}))
	if err == nil {
		r.e = stored
	}
	return err
}

// question makes the mail, if there is a quota for it.
func (s *Sequencer) question(ctx context.Context, r *run) (leads.Delivery, error) {
	why := s.unlawful(Definition{Purpose: transactional}, r.from)
	if why == "" && s.opts.BaseURL == "" {
		why = "the link to confirm leads nowhere: Options.BaseURL is empty"
	}
	if why != "" {
		return leads.Delivery{}, putOff{until: s.now().Add(mendable), why: why}
	}
	if err := s.readdress(ctx, r); err != nil {
		return leads.Delivery{}, err
	}
	m, err := s.renderQuestion(ctx, r)
	if err != nil {
		return leads.Delivery{}, err
	}
	usedUp, err := s.spend(ctx, r.e.Tenant, s.opts.Caps.confirming(r.parties(), s.now()))
	if err != nil {
		return leads.Delivery{}, err
	}
	if usedUp != nil {
		return leads.Delivery{}, putOff{until: usedUp.again, why: "a cap is used up: " + capName(usedUp.Key)}
	}
	return delivery(r.e.ID+"/"+confirmStep, m)
}

func (s *Sequencer) renderQuestion(ctx context.Context, r *run) (leads.Email, error) {
	ring, err := s.keys(ctx)
	if err != nil {
		return leads.Email{}, err
	}
	l := link{kind: linkConfirm, tenant: r.e.Tenant, addressKey: r.e.AddressKey, purpose: r.def.purpose(), enrollment: r.e.ID}
	yes, err := s.url(ring, l)
	if err != nil {
		return leads.Email{}, err
	}
	f, err := s.frame(ctx, r, confirmStep, false)
	if err != nil {
		return leads.Email{}, err
	}
	l.kind, l.purpose = linkStop, ""
	if f.UnsubscribeURL, err = s.url(ring, l); err != nil {
		return leads.Email{}, err
	}
	c := s.opts.Confirmation
	f.UnsubscribeLabel = c.Never
	text := EmailStep{Subject: c.Subject, Body: strings.ReplaceAll(c.Body, confirmPlace, yes)}
	only := View{Lead: leads.Lead{Tenant: r.lead.Tenant, ID: r.lead.ID, Fields: r.lead.Fields}, Now: s.now()}
	only.Lead.FirstName, only.Lead.LastName, only.Lead.Company, only.Lead.Phone = "", "", "", ""
	m, err := Definition{ID: r.e.SequenceID, Purpose: transactional}.render(text, only, f)
	return m, leads.Permanent(err)
}

// confirm takes a person's yes. It reports false when there is nothing to confirm any more.
func (s *Sequencer) confirm(ctx context.Context, l link) (bool, error) {
	e, err := s.store.Enrollment(ctx, l.tenant, l.enrollment)
	if leads.IsNotFound(err) || err == nil && e.AddressKey != l.addressKey {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	entries, err := s.store.Consents(ctx, e.Tenant, e.AddressKey)
	if err != nil {
		return false, err
	}
	yes := s.confirmed(e, l.purpose, entries, s.now())
	known := slices.ContainsFunc(entries, func(c Consent) bool { return c.ID == yes.ID })
	if !known && !e.unconfirmed() {
		return false, nil
	}
	stops, err := s.store.Suppressed(ctx, e.Tenant, e.AddressKey)
	if err != nil || stopped(stops, l.purpose) != "" {
		return false, err
	}
	if !known {
		if err := s.enter(ctx, yes); err != nil {
			return false, err
		}
	}
	return true, s.begin(ctx, e, l.purpose)
}

// unconfirmed reports whether the enrolment waits for a confirmation.
func (e Enrollment) unconfirmed() bool {
	return e.State == Pending || e.State == Paused && e.Reason == reasonConfirming
}

// begin makes every enrolment active that waited for a confirmation of the address for the purpose, and enrols the lead in what it has not
// been enrolled in because it was not confirmed.
func (s *Sequencer) begin(ctx context.Context, e Enrollment, purpose string) error {
	all, err := s.store.Enrollments(ctx, EnrollmentQuery{Tenant: e.Tenant, AddressKey: e.AddressKey, States: []State{Pending, Paused}, Limit: 1000})
	if err != nil {
		return err
	}
	for _, e := range all {
		d, err := s.definition(ctx, e.Tenant, e.SequenceID, e.Version)
		if leads.IsNotFound(err) || err == nil && (!e.unconfirmed() || d.purpose() != purpose) {
			continue // what is gone ends when it is due
		}
		if err == nil {
			err = s.restart(ctx, e, reasonConfirming, "", func(e *Enrollment, now time.Time) {
				e.Step, e.Due = d.start(now, zoneNamed(e.Zone, time.UTC))
			})
		}
		if err != nil {
			return err
		}
	}
	lead, err := s.store.Lead(ctx, e.Tenant, e.LeadID)
	if err == nil {
		_, err = s.Enroll(ctx, lead)
	}
	return ignoreGone(err)
}

// restart makes an enrolment active from what change says on. It is stored as paused in between, which takes its task away, and made active with
// a task of its own: a worker that runs it just now, and would wait until what was due before, has no say any more. Whoever crashes in between leaves a
// paused enrolment with the reason given.
func (s *Sequencer) restart(ctx context.Context, e Enrollment, meanwhile Reason, by string, change func(e *Enrollment, now time.Time)) error {
	now := s.now()
	if e.State != Paused {
		e.State, e.Reason, e.UpdatedAt = Paused, meanwhile, now
		stored, err := s.store.PutEnrollment(ctx, e)
		if err != nil {
			return err
		}
		e = stored
	}
	e.State, e.Reason, e.UpdatedAt = Active, "", now
	change(&e, now)
	_, err := s.store.PutEnrollment(ctx, e, progress(e, now, Progress{By: by}))
	return err
}
