package desk

import (
	"context"
	"errors"
	"strings"

	"github.com/openleads/leads"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// ErrNoSequences says that the program has no sequences: Config.Sequencer is nil.
var ErrNoSequences = errors.New("desk: this program has no sequences")

// ErrFromProgram says that a sequence comes with the program, which alone can change it. It can be paused, and copied under another ID.
var ErrFromProgram = errors.New("desk: the sequence comes with the program")

// Sequences returns the sequences of the tenant as they are now, by their IDs: those that come with the program, and those that were made on the
// desk. For readers.
func (d *Desk) Sequences(ctx context.Context, u User) ([]sequence.Listed, error) {
	if err := may(u, Reader); err != nil {
		return nil, err
	}
	return d.sequences(ctx, u)
}

func (d *Desk) sequences(ctx context.Context, u User) ([]sequence.Listed, error) {
	if d.cfg.Sequencer != nil {
		return d.cfg.Sequencer.Sequences(ctx, u.Tenant)
	}
	stored, err := d.library().List(ctx, u.Tenant)
	var all []sequence.Listed
	for _, def := range stored {
		all = append(all, sequence.Listed{Definition: def})
	}
	return all, err
}

// Sequence returns one sequence as it is now. For readers.
func (d *Desk) Sequence(ctx context.Context, u User, id string) (sequence.Listed, error) {
	if err := may(u, Reader); err != nil {
		return sequence.Listed{}, err
	}
	if d.cfg.Sequencer != nil {
		return d.cfg.Sequencer.Sequence(ctx, u.Tenant, id, 0)
	}
	def, err := d.library().Load(ctx, u.Tenant, id)
	return sequence.Listed{Definition: def}, err
}

// ours returns ErrFromProgram for a sequence that comes with the program.
func (d *Desk) ours(ctx context.Context, u User, id string) error {
	known, err := d.Sequence(ctx, u, id)
	if err == nil && known.FromProgram {
		return ErrFromProgram
	}
	return ignoreAbsent(err)
}

// SaveSequence stores a definition as a new version; those who are in the sequence finish on theirs. Its Version must be that of the
// stored one, 0 for a new one: otherwise it is [leads.ErrStale]. With the ID of one that comes with the program it is [ErrFromProgram]. For
// admins.
func (d *Desk) SaveSequence(ctx context.Context, u User, def sequence.Definition) (sequence.Definition, error) {
	if err := may(u, Admin); err != nil {
		return sequence.Definition{}, err
	}
	if err := d.ours(ctx, u, def.ID); err != nil {
		return sequence.Definition{}, err
	}
	saved, err := d.library().Save(ctx, u.Tenant, def)
	if err != nil {
		return sequence.Definition{}, problems(err)
	}
	d.audit(ctx, u, "sequence.save", saved.ID, nil)
	return saved, nil
}

// DeleteSequence removes a definition; everybody leaves it. One that comes with the program is [ErrFromProgram]. For admins.
func (d *Desk) DeleteSequence(ctx context.Context, u User, id string) error {
	if err := may(u, Admin); err != nil {
		return err
	}
	if err := d.ours(ctx, u, id); err != nil {
		return err
	}
	if _, err := d.library().Load(ctx, u.Tenant, id); err != nil {
		return err
	}
	if err := d.library().Delete(ctx, u.Tenant, id); err != nil {
		return err
	}
	if err := d.keepApart(ctx, u, id); err != nil {
		return err
	}
	d.audit(ctx, u, "sequence.delete", id, nil)
	_, err := d.store.EndEnrollments(ctx, sequence.EnrollmentQuery{Tenant: u.Tenant, SequenceID: id}, sequence.ReasonDeleted, d.now())
	return wrap("delete sequence", err)
}

// PauseSequence keeps everybody from entering a sequence and its mails from being sent, or lets it go on. It is then no longer one that
// [Desk.ResumeSequences] lets go on. One that the program itself has paused cannot go on: [ErrFromProgram]. For admins.
func (d *Desk) PauseSequence(ctx context.Context, u User, id string, paused bool) error {
	s, err := d.sequencer(u, Admin)
	if err != nil {
		return err
	}
	known, err := d.Sequence(ctx, u, id)
	if err != nil {
		return err
	}
	if known.Held && !paused {
		return ErrFromProgram
	}
	if err := d.keepApart(ctx, u, id); err != nil { // before: what is paused now must not be let go on with the others
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

// ignoreAbsent takes it for no error that something is not there.
func ignoreAbsent(err error) error {
	if leads.IsNotFound(err) {
		return nil
	}
	return err
}

// problems makes field errors of what is wrong with a definition.
func problems(err error) error {
	var found sequence.Problems
	if !errors.As(err, &found) {
		return err
	}
	var c check
	for _, p := range found {
		c.said("/"+strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(p.Path), p.Message)
	}
	return c.err()
}
