package sequence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/openleads/leads"
	"github.com/openleads/leads/internal/emailaddr"
)

const (
	// maxRun is how many steps are run for one claim of a task; a mail is always the last.
	maxRun = 16
	// standstill is how often it is looked whether a paused sequence goes on, with as much again of jitter. ResumeSequence does not wait for it.
	standstill = time.Hour
	// punctual is how late a step may be run for the next to be counted from when it was due. After a longer delay it is counted from
	// when it was run, so that what follows keeps its distance and nothing comes in a burst.
	punctual = time.Minute
	// late is from which delay on it is stored with the enrolment that a step was put off.
	late = time.Hour
)

// run is one claim of an enrolment's task.
type run struct {
	task leads.Task
	e    Enrollment
	lead leads.Lead
	def  Definition
	zone *time.Location
	from Sender
}

// putOff says that a step is not run now, and when it is worth looking again.
type putOff struct {
	until time.Time
	why   string // for an operator, or ""
	still bool   // the enrolment stays due: it goes on as soon as its sequence does
}

func (p putOff) Error() string { return "put off until " + p.until.Format(time.RFC3339) + ": " + p.why }

// leaves says that an enrolment ends early.
type leaves struct{ reason Reason }

func (l leaves) Error() string { return "the enrolment ends: " + string(l.reason) }

// Step runs the step of an enrolment that is due. The enrolment's row is the truth: a task without one, or with one that has ended or stands still, is
// done, and one that comes too early waits. What the step does to the world is done before the row is moved on, and so that doing it
// again does no harm; the row is written only if nobody else has written it; the task is settled last. So a crash at any point repeats what
// is harmless. A step that fails is tried again up to 20 times, which spread over about nine hours, and is then given up: its task is dead and can be
// replayed. Each step has its tries for itself.
func (s *Sequencer) Step(ctx context.Context, task leads.Task) (leads.Outcome, error) {
	if s.store == nil {
		return leads.Outcome{}, errNoStore
	}
	o, err := s.run(ctx, task)
	if leads.IsStale(err) {
		return s.overtaken(ctx, task), nil
	}
	return o, err
}

// overtaken says what becomes of a task whose enrolment was written, or which was taken away, while its step ran: it looks again, unless
// nothing is left to do. If the task is no longer ours, its store says so.
func (s *Sequencer) overtaken(ctx context.Context, task leads.Task) leads.Outcome {
	e, err := s.store.Enrollment(ctx, task.Tenant, task.ID)
	if leads.IsNotFound(err) || err == nil && e.State != Active && e.State != Pending {
		return leads.Outcome{}
	}
	return waiting(0)
}

func (s *Sequencer) run(ctx context.Context, task leads.Task) (leads.Outcome, error) {
	e, err := s.store.Enrollment(ctx, task.Tenant, task.ID)
	if leads.IsNotFound(err) {
		return leads.Outcome{}, nil
	}
	if err != nil {
		return leads.Outcome{}, fmt.Errorf("sequence: %w", err)
	}
	r := &run{task: task, e: e, zone: zoneNamed(e.Zone, time.UTC)}
	for range maxRun {
		if r.e.State != Active && r.e.State != Pending {
			return leads.Outcome{}, nil
		}
		if wait := r.e.Due.Sub(s.now()); wait > 0 {
			return waiting(wait), nil
		}
		mailed, err := s.advance(ctx, r)
		if err != nil {
			return s.notAdvanced(ctx, r, err)
		}
		if mailed {
			break
		}
	}
	if r.e.State.Ended() {
		return leads.Outcome{}, nil
	}
	return waiting(r.e.Due.Sub(s.now())), nil
}

// waiting keeps the task for later without counting an attempt: it is the step that comes next whose attempts count.
func waiting(d time.Duration) leads.Outcome {
	return leads.Outcome{Settlement: leads.Retry, Delay: max(d, 0), KeepAttempt: true}
}

// notAdvanced says what becomes of a step that was not run.
func (s *Sequencer) notAdvanced(ctx context.Context, r *run, err error) (leads.Outcome, error) {
	var wait putOff
	var exit leaves
	switch {
	case errors.As(err, &exit):
		return leads.Outcome{}, s.leave(ctx, r.e, exit.reason, "")
	case errors.As(err, &wait):
	case leads.IsStale(err) || ctx.Err() != nil: // not the step's fault
		return leads.Outcome{}, err
	default:
		return s.failed(r.task, r.e.Step, err), nil
	}
	if wait.until.Sub(s.now()) >= late && !wait.still {
		e := r.e
		e.Due, e.UpdatedAt = wait.until, s.now()
		if _, err := s.store.PutEnrollment(ctx, e); err != nil {
			return leads.Outcome{}, err
		}
	}
	o := waiting(wait.until.Sub(s.now()))
	o.Error = wait.why
	return o, nil
}

// advance runs the step that comes next and moves the enrolment on. It reports whether that was a mail.
func (s *Sequencer) advance(ctx context.Context, r *run) (bool, error) {
	if err := s.load(ctx, r); err != nil {
		return false, err
	}
	if r.e.State == Pending {
		return true, s.ask(ctx, r)
	}
	step, ok := r.def.step(r.e.Step)
	if !ok {
		return false, leaves{ReasonDeleted} // the step is gone from the sequence, as Go's definitions can change
	}
	view, err := s.view(ctx, r)
	if err != nil {
		return false, err
	}
	if err := s.exits(ctx, r, step, view); err != nil {
		return false, err
	}
	passed, err := s.perform(ctx, r, step, view)
	if err != nil {
		return false, err
	}
	next, way := r.def.follow(step, view, r.e.ID)
	if passed.Outcome == "" {
		passed.Outcome = way
	}
	return step.Email != nil, s.pass(ctx, r, step, passed, next)
}

// load reads what a step needs.
func (s *Sequencer) load(ctx context.Context, r *run) (err error) {
	r.lead, err = s.store.Lead(ctx, r.e.Tenant, r.e.LeadID)
	if leads.IsNotFound(err) {
		return leaves{ReasonErased}
	}
	if err != nil {
		return err
	}
	r.def, err = s.definition(ctx, r.e.Tenant, r.e.SequenceID, r.e.Version)
	if leads.IsNotFound(err) {
		return leaves{ReasonDeleted}
	}
	if err != nil {
		return err
	}
	if r.from, err = s.sender(ctx, r.e.Tenant); err != nil {
		return err
	}
	still, err := s.paused(ctx, r.e.Tenant, r.def)
	if err == nil && still {
		return putOff{until: s.now().Add(standstill + rand.N(standstill)), why: "the sequence is paused", still: true}
	}
	return err
}

// exits returns leaves when something has happened that ends the enrolment.
func (s *Sequencer) exits(ctx context.Context, r *run, step Step, view View) error {
	if r.def.over(view) {
		return leaves{ReasonStage}
	}
	if r.def.Goal != nil && r.def.Goal.Match(view) {
		return leaves{ReasonGoal}
	}
	if step.Email != nil {
		if _, err := emailaddr.Parse(r.lead.Email); err != nil {
			return leaves{ReasonNoAddress}
		}
	}
	return s.suppressed(ctx, r, r.e.AddressKey)
}

// suppressed returns leaves when an address may not be written to.
func (s *Sequencer) suppressed(ctx context.Context, r *run, key string) error {
	if key == "" {
		return nil
	}
	stops, err := s.store.Suppressed(ctx, r.e.Tenant, key)
	if err != nil {
		return err
	}
	if reason := stopped(stops, r.def.purpose()); reason != "" {
		return leaves{reason}
	}
	return nil
}

// pass notes that a step was run and makes the next one due.
func (s *Sequencer) pass(ctx context.Context, r *run, step Step, passed Passed, next string) error {
	now := s.now()
	from := now
	if now.Sub(r.e.Due) <= punctual {
		from = r.e.Due
	}
	e := r.e
	passed.Step, passed.At = step.ID, now
	e.Passed = append(slices.Clone(e.Passed), passed)
	e.Step, e.UpdatedAt = next, now
	if next == "" {
		e.State, e.Due, e.EndedAt = Finished, time.Time{}, now
	} else {
		e.Due = r.def.dueAfter(next, from, r.zone)
	}
	var events []leads.Event
	if step.Wait == nil || e.State.Ended() {
		events = append(events, progress(e, now, Progress{Step: step.ID, Outcome: passed.Outcome}))
	}
	stored, err := s.store.PutEnrollment(ctx, e, events...)
	if err == nil {
		r.e = stored
	}
	return err
}

// leave ends an enrolment early.
func (s *Sequencer) leave(ctx context.Context, e Enrollment, reason Reason, by string) error {
	now := s.now()
	e.State, e.Reason, e.Step, e.Due, e.EndedAt, e.UpdatedAt = Exited, reason, "", time.Time{}, now, now
	_, err := s.store.PutEnrollment(ctx, e, progress(e, now, Progress{By: by}))
	return ignoreGone(err)
}

// view is what the sequence's conditions and templates look at. What costs a look into the store is read only if a condition asks for it.
func (s *Sequencer) view(ctx context.Context, r *run) (View, error) {
	v := View{Lead: r.lead, Now: s.now()}
	for _, p := range r.e.Passed {
		if p.Outcome == outcomeSent {
			v.Sent = append(v.Sent, p.Step)
		}
	}
	if r.def.asks("consent") && r.e.AddressKey != "" {
		entries, err := s.store.Consents(ctx, r.e.Tenant, r.e.AddressKey)
		if err != nil {
			return v, err
		}
		v.Consents, _ = agreed(entries)
	}
	if r.def.asks("opened", "clicked") && s.history != nil {
		events, err := s.history.Events(ctx, r.e.Tenant, r.e.LeadID)
		if ignoreGone(err) != nil {
			return v, err
		}
		v.Opened, v.Clicked = touched(events, r.e.ID)
	}
	return v, nil
}

// asks reports whether a condition of the sequence looks at one of the fields.
func (d Definition) asks(fields ...string) bool {
	return d.Match.names(fields...) || d.Goal.names(fields...) || slices.ContainsFunc(d.Steps, func(s Step) bool {
		return s.Branch != nil && s.Branch.If.names(fields...)
	})
}

// touched returns the steps of an enrolment whose mails a person has opened, and those in which one has followed a link.
func touched(events []leads.Event, enrollment string) (opened, clicked []string) {
	for _, ev := range events {
		var c MailChange
		if ev.Kind != leads.EventMail || json.Unmarshal(ev.Data, &c) != nil || c.Enrollment != enrollment || c.Machine {
			continue
		}
		switch c.Kind {
		case leads.MailOpened:
			opened = append(opened, c.Step)
		case leads.MailClicked:
			clicked = append(clicked, c.Step)
		}
	}
	return opened, clicked
}
