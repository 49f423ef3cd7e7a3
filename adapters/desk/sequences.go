package desk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// ErrNoSequences says that the program has no sequences: Config.Sequencer is nil.
var ErrNoSequences = errors.New("desk: this program has no sequences")

// Sequences returns the definitions of the tenant's library. For readers.
func (d *Desk) Sequences(ctx context.Context, u User) ([]sequence.Definition, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.library().List(ctx, u.Tenant)
}

// Sequence returns one definition as it is now. For readers.
func (d *Desk) Sequence(ctx context.Context, u User, id string) (sequence.Definition, error) {
	if err := may(u, Reader); err != nil {
		return sequence.Definition{}, err
	}
	return d.library().Load(ctx, u.Tenant, id)
}

// SaveSequence stores a definition as a new version; those who are in the sequence finish on theirs. Its Version must be that of the
// stored one, 0 for a new one: otherwise it is [leads.ErrStale]. For admins.
func (d *Desk) SaveSequence(ctx context.Context, u User, def sequence.Definition) (sequence.Definition, error) {
	if err := may(u, Admin); err != nil {
		return sequence.Definition{}, err
	}
	saved, err := d.library().Save(ctx, u.Tenant, def)
	if err != nil {
		return sequence.Definition{}, problems(err)
	}
	d.audit(ctx, u, "sequence.save", saved.ID, nil)
	return saved, nil
}

// DeleteSequence removes a definition; everybody leaves it. For admins.
func (d *Desk) DeleteSequence(ctx context.Context, u User, id string) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	if _, err := d.library().Load(ctx, u.Tenant, id); err != nil {
		return err
	}
	if err := d.library().Delete(ctx, u.Tenant, id); err != nil {
		return err
	}
	d.audit(ctx, u, "sequence.delete", id, nil)
	_, err := d.store.EndEnrollments(ctx, sequence.EnrollmentQuery{Tenant: u.Tenant, SequenceID: id}, sequence.ReasonDeleted, d.now())
	return wrap("delete sequence", err)
}

// PauseSequence keeps everybody from entering a sequence and its mails from being sent, or lets it go on. For admins.
func (d *Desk) PauseSequence(ctx context.Context, u User, id string, paused bool) error {
	s, err := d.sequencer(u, Admin)
	if err != nil {
		return err
	}
	action, do := "sequence.resume", s.ResumeSequence
	if paused {
		action, do = "sequence.pause", s.PauseSequence
	}
	if err := do(ctx, u.Tenant, id); err != nil {
		return err
	}
	d.audit(ctx, u, action, id, nil)
	return nil
}

// Enrollments returns enrolments, the newest first; q.Tenant is the user's whatever it says. For readers.
func (d *Desk) Enrollments(ctx context.Context, u User, q sequence.EnrollmentQuery) ([]sequence.Enrollment, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	q.Tenant = u.Tenant
	return d.store.Enrollments(ctx, q)
}

// Enroll puts a lead into a sequence. For members.
func (d *Desk) Enroll(ctx context.Context, u User, leadID, sequenceID string) (sequence.Enrollment, error) {
	s, err := d.sequencer(u, Member)
	if err != nil {
		return sequence.Enrollment{}, err
	}
	return s.EnrollLead(ctx, u.Tenant, leadID, sequenceID, u.ID)
}

// PauseEnrollment stops an enrolment until it is resumed. For members.
func (d *Desk) PauseEnrollment(ctx context.Context, u User, id string) error {
	s, err := d.sequencer(u, Member)
	if err != nil {
		return err
	}
	return s.Pause(ctx, u.Tenant, id, u.ID)
}

// ResumeEnrollment lets a paused enrolment go on. For members.
func (d *Desk) ResumeEnrollment(ctx context.Context, u User, id string) error {
	s, err := d.sequencer(u, Member)
	if err != nil {
		return err
	}
	return s.Resume(ctx, u.Tenant, id, u.ID)
}

// ExitEnrollment takes a lead out of a sequence. For members.
func (d *Desk) ExitEnrollment(ctx context.Context, u User, id string) error {
	s, err := d.sequencer(u, Member)
	if err != nil {
		return err
	}
	return s.Exit(ctx, u.Tenant, id, sequence.ReasonByHand, u.ID)
}

// Suppressions returns whom not to write to, by keyed hashes, beginning behind the given pair. For admins.
func (d *Desk) Suppressions(ctx context.Context, u User, afterKey, afterPurpose string, limit int) ([]sequence.Suppression, error) {
	if err := may(u, Admin); err != nil {
		return nil, err
	}
	return d.store.Suppressions(ctx, u.Tenant, afterKey, afterPurpose, limit)
}

// Suppress keeps an address from being written to, for a purpose or, with "", for any. For members.
func (d *Desk) Suppress(ctx context.Context, u User, address, purpose string) error {
	s, err := d.sequencer(u, Member)
	if err != nil {
		return err
	}
	var c check
	c.that(strings.Contains(address, "@") && len(address) <= ingest.MaxEmail && storable(address), "/email", "an email address")
	c.that(len(purpose) <= 40 && storable(purpose), "/purpose", "at most 40 bytes")
	if err := c.err(); err != nil {
		return err
	}
	if err := s.Suppress(ctx, u.Tenant, address, purpose, sequence.ReasonByHand); err != nil {
		return err
	}
	d.audit(ctx, u, "suppression.add", "", nil)
	return nil
}

// Unsuppress lets an address be written to again. Who has said stop has to have said so. For admins.
func (d *Desk) Unsuppress(ctx context.Context, u User, address, purpose string) error {
	s, err := d.sequencer(u, Admin)
	if err != nil {
		return err
	}
	if err := s.Unsuppress(ctx, u.Tenant, address, purpose); err != nil {
		return err
	}
	d.audit(ctx, u, "suppression.remove", "", nil)
	return nil
}

func (d *Desk) library() sequence.Library { return sequence.Library{Records: d.store} }

func (d *Desk) sequencer(u User, needed Role) (*sequence.Sequencer, error) {
	if err := may(u, needed); err != nil {
		return nil, err
	}
	if d.cfg.Sequencer == nil {
		return nil, ErrNoSequences
	}
	return d.cfg.Sequencer, nil
}

// problems makes field errors of what is wrong with a definition.
func problems(err error) error {
	var found sequence.Problems
	if !errors.As(err, &found) {
		return err
	}
	var c check
	for _, p := range found {
		c.that(false, "/"+strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(p.Path), "%s", p.Message)
	}
	return c.err()
}

// Funnel is how far those who are or were in a sequence have come.
type Funnel struct {
	ByState  map[sequence.State]int
	ByReason map[sequence.Reason]int
	// Steps are the steps of the definition in their order.
	Steps []FunnelStep
	// Sampled is how many of the newest enrolments were looked at.
	Sampled int
}

// FunnelStep is how many have come past a step, and how many wait for it.
type FunnelStep struct {
	Step    string
	Waiting int
	Passed  int
	Sent    int
}

// maxSample is how many enrolments a funnel looks at.
const maxSample = 10_000

// Funnel looks at the newest enrolments of a sequence. For readers.
func (d *Desk) Funnel(ctx context.Context, u User, id string) (Funnel, error) {
	def, err := d.Sequence(ctx, u, id)
	if err != nil {
		return Funnel{}, err
	}
	f := Funnel{ByState: make(map[sequence.State]int), ByReason: make(map[sequence.Reason]int)}
	for _, s := range def.Steps {
		f.Steps = append(f.Steps, FunnelStep{Step: s.ID})
	}
	q := sequence.EnrollmentQuery{Tenant: u.Tenant, SequenceID: id, Limit: 1000}
	for f.Sampled < maxSample {
		page, err := d.store.Enrollments(ctx, q)
		if err != nil {
			return Funnel{}, wrap("funnel", err)
		}
		for _, e := range page {
			f.add(e)
		}
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	return f, nil
}

func (f *Funnel) add(e sequence.Enrollment) {
	f.Sampled++
	f.ByState[e.State]++
	if e.Reason != "" {
		f.ByReason[e.Reason]++
	}
	at := func(id string) *FunnelStep {
		if i := slices.IndexFunc(f.Steps, func(s FunnelStep) bool { return s.Step == id }); i >= 0 {
			return &f.Steps[i]
		}
		return &FunnelStep{} // a step of an earlier version
	}
	if !e.State.Ended() {
		at(e.Step).Waiting++
	}
	for _, p := range e.Passed {
		at(p.Step).Passed++
		if p.Outcome == "sent" {
			at(p.Step).Sent++
		}
	}
}
