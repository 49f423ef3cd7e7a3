package sequence

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Listed is a sequence as a tenant has it. What it points to is shared and must not be changed.
type Listed struct {
	// Definition is a version of it. Its Paused says whether the sequence stands still now, whoever has paused it.
	Definition
	// FromProgram is set for one of Options.Definitions: every tenant has it and can pause it, and only the program can change it.
	FromProgram bool `json:"fromProgram,omitempty"`
	// Held is set where the program itself has paused it: [Sequencer.ResumeSequence] does not let it go on.
	Held bool `json:"held,omitempty"`
}

// Sequences returns the sequences that a tenant has, each in its newest version, by their IDs: those of Options.Definitions, and those of its [Library]
// that do not stand behind one of these.
func (s *Sequencer) Sequences(ctx context.Context, tenant string) ([]Listed, error) {
	if s.store == nil {
		return nil, errNoStore
	}
	all, err := s.all(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("sequence: list: %w", err)
	}
	slices.SortStableFunc(all, func(a, b Listed) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// Sequence returns the version of a sequence that an enrolment on it runs by, 0 meaning the newest, or [leads.ErrNotFound]. Of a sequence of
// Options.Definitions a version that the program has no more is the newest.
func (s *Sequencer) Sequence(ctx context.Context, tenant, id string, version int64) (Listed, error) {
	if s.store == nil {
		return Listed{}, errNoStore
	}
	d, err := s.definition(ctx, tenant, id, version)
	if err != nil {
		return Listed{}, err
	}
	l := Listed{Definition: d}
	if _, l.FromProgram = s.given(id, 0); l.FromProgram {
		l.Held = d.Paused
	}
	l.Paused, err = s.paused(ctx, tenant, d)
	return l, err
}

// all returns the sequences of a tenant in the order in which they enrol: Go's before the Library's.
func (s *Sequencer) all(ctx context.Context, tenant string) ([]Listed, error) {
	stands, err := s.standsStill(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var all []Listed
	for _, d := range s.opts.Definitions {
		newest, _ := s.given(d.ID, 0)
		if newest.Version != d.Version || slices.ContainsFunc(all, func(l Listed) bool { return l.ID == d.ID }) {
			continue
		}
		l := Listed{Definition: d, FromProgram: true, Held: d.Paused}
		l.Paused = d.Paused || stands[d.ID]
		all = append(all, l)
	}
	stored, err := s.library.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	for _, d := range stored {
		if _, ours := s.given(d.ID, 0); !ours { // what PauseSequence has noted is about Go's
			all = append(all, Listed{Definition: d})
		}
	}
	return all, nil
}
