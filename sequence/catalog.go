package sequence

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/openleads/leads"
)

// kindPaused is the record of a sequence that was paused by [Sequencer.PauseSequence]; its ID is the sequence's.
const kindPaused = "sequence.paused"

// current returns the sequences of a tenant that stand open, Go's before the Library's.
func (s *Sequencer) current(ctx context.Context, tenant string) ([]Definition, error) {
	all, err := s.all(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var open []Definition
	for _, l := range all {
		if !l.Paused {
			open = append(open, l.Definition)
		}
	}
	return open, nil
}

// standsStill returns the sequences that PauseSequence has paused.
func (s *Sequencer) standsStill(ctx context.Context, tenant string) (map[string]bool, error) {
	paused := make(map[string]bool)
	for after := ""; ; {
		page, err := s.store.Records(ctx, tenant, kindPaused, after, 1000)
		if err != nil || len(page) == 0 {
			return paused, err
		}
		for _, r := range page {
			paused[r.ID], after = true, r.ID
		}
	}
}

// given returns a version of a sequence from Options.Definitions; with 0, and where that version is not among them any more, the newest.
func (s *Sequencer) given(id string, version int64) (Definition, bool) {
	var newest Definition
	found := false
	for _, d := range s.opts.Definitions {
		if d.ID != id {
			continue
		}
		if d.Version == version && version != 0 {
			return d, true
		}
		if !found || d.Version > newest.Version {
			newest, found = d, true
		}
	}
	return newest, found
}

// definition returns the version of a sequence that an enrolment is on, or [leads.ErrNotFound] when the sequence is gone. Version 0 means the current one.
func (s *Sequencer) definition(ctx context.Context, tenant, id string, version int64) (Definition, error) {
	if d, ok := s.given(id, version); ok {
		return d, nil
	}
	newest, err := s.library.Load(ctx, tenant, id)
	if err != nil || version == 0 || newest.Version == version {
		return newest, err
	}
	return s.library.Version(ctx, tenant, id, version)
}

// paused reports whether a sequence stands still.
func (s *Sequencer) paused(ctx context.Context, tenant string, d Definition) (bool, error) {
	if _, ours := s.given(d.ID, 0); !ours || d.Paused {
		return d.Paused, nil // the Library knows itself
	}
	_, err := s.store.Record(ctx, tenant, kindPaused, d.ID)
	if leads.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// PauseSequence keeps a sequence from enrolling and writing until [Sequencer.ResumeSequence]; its enrolments wait. A mail that is just
// being handed over still goes. It returns [leads.ErrNotFound] for a sequence that there is not.
func (s *Sequencer) PauseSequence(ctx context.Context, tenant, id string) error {
	if _, ours := s.given(id, 0); !ours {
		_, err := s.library.Pause(ctx, tenant, id, true)
		return err
	}
	_, err := leads.UpdateRecord(ctx, s.store, tenant, kindPaused, id, func(r *leads.Record) error {
		r.Data = json.RawMessage("{}")
		return nil
	})
	return err
}

// ResumeSequence lets a paused sequence go on, and what has become due meanwhile at once. A sequence of Options.Definitions whose own Paused is set
// stays paused. One that [Library.Pause] lets go on takes up to two hours to notice.
func (s *Sequencer) ResumeSequence(ctx context.Context, tenant, id string) error {
	var err error
	if _, ours := s.given(id, 0); ours {
		err = s.store.DeleteRecord(ctx, tenant, kindPaused, id)
	} else {
		_, err = s.library.Pause(ctx, tenant, id, false)
	}
	if err != nil {
		return err
	}
	return s.rouse(ctx, tenant, id)
}

// rouse makes the tasks of a sequence due when their enrolments are: they have been put off while it was paused.
func (s *Sequencer) rouse(ctx context.Context, tenant, id string) error {
	q := EnrollmentQuery{Tenant: tenant, SequenceID: id, States: []State{Pending, Active}, Limit: 1000}
	for {
		page, err := s.store.Enrollments(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range page {
			if e.Due.After(s.now()) {
				continue
			}
			if _, err := s.store.PutEnrollment(ctx, e); err != nil && !leads.IsStale(err) { // who was quicker has seen to it
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].ID
	}
}

// mails reports whether a sequence writes to its leads.
func (d Definition) mails() bool {
	return slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Email != nil })
}

// names reports whether the condition looks at one of the fields.
func (c *Condition) names(fields ...string) bool {
	if c == nil {
		return false
	}
	below := func(one Condition) bool { return one.names(fields...) }
	return slices.Contains(fields, c.Field) || slices.ContainsFunc(c.All, below) || slices.ContainsFunc(c.Any, below) || c.Not.names(fields...)
}
