package desk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/desk"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/sequence"
)

// following is a sequence of a wait, a tag and a mail.
func following(id, name string) sequence.Definition {
	return sequence.Definition{ID: id, Name: name, Match: &sequence.Condition{Field: "tag", Is: []string{"x"}}, Steps: []sequence.Step{
		{ID: "wait", Wait: &sequence.WaitStep{For: sequence.Duration{Days: 2}}}, {ID: "tag", Tag: &sequence.TagStep{Add: "from " + id}},
		{ID: "mail", Email: &sequence.EmailStep{Subject: "Hello", Body: "Hello."}},
	}}
}

func save(t *testing.T, w *world, ids ...string) {
	t.Helper()
	for _, id := range ids {
		_, err := w.SaveSequence(t.Context(), ada, following(id, id))
		require.NoError(t, err)
	}
}

// paused are the sequences of acme that stand still.
func paused(t *testing.T, w *world) []string {
	t.Helper()
	all, err := w.Sequences(t.Context(), rita)
	require.NoError(t, err)
	var ids []string
	for _, l := range all {
		if l.Paused {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

func TestASequenceThatComesWithTheProgram(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t, following("given", "Given"))
	save(t, w, "made")
	all, err := w.Sequences(ctx, rita)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []bool{true, false}, []bool{all[0].FromProgram, all[1].FromProgram})
	given, err := w.Sequence(ctx, rita, "given")
	require.NoError(t, err)
	require.Equal(t, all[0], given)
	tags, err := w.Tags(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, []string{"from given", "from made"}, tags)

	w.source = ""
	lead := w.capture(t, "ann@example.com")
	e, err := w.Enroll(ctx, ben, lead, "given")
	require.NoError(t, err)
	require.NoError(t, w.PauseEnrollment(ctx, ben, e.ID))
	funnel, err := w.Funnel(ctx, rita, "given")
	require.NoError(t, err)
	require.Equal(t, 1, funnel.ByState[sequence.Paused])
	require.Equal(t, []desk.FunnelStep{{Step: "wait", Waiting: 1}, {Step: "tag"}, {Step: "mail"}}, funnel.Steps)

	before, trail := text(t, all), w.actions(t)
	for name, do := range map[string]func() error{
		"save": func() error { _, err := w.SaveSequence(ctx, ann, given.Definition); return err },
		"save new": func() error {
			_, err := w.SaveSequence(ctx, ann, following("given", "Other"))
			return err
		},
		"delete": func() error { return w.DeleteSequence(ctx, ann, "given") },
	} {
		require.ErrorIs(t, do(), desk.ErrFromProgram, name)
	}
	all, err = w.Sequences(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, before, text(t, all))
	require.Equal(t, trail, w.actions(t))
	left, err := w.Enrollments(ctx, rita, sequence.EnrollmentQuery{SequenceID: "given"})
	require.NoError(t, err)
	require.Equal(t, sequence.Paused, left[0].State, "everybody has left")
	require.ErrorIs(t, w.DeleteSequence(ctx, ann, "nothing"), leads.ErrNotFound)

	require.NoError(t, w.PauseSequence(ctx, ada, "given", true))
	require.Equal(t, []string{"given"}, paused(t, w))
	others, err := w.Sequence(ctx, eve, "given")
	require.NoError(t, err)
	require.False(t, others.Paused, "another tenant's stands still too")
	require.NoError(t, w.PauseSequence(ctx, ada, "given", false))
	require.Empty(t, paused(t, w))
}

// TestTheProgramKeepsASequencePaused: what the program itself has paused cannot be let go on from the desk.
func TestTheProgramKeepsASequencePaused(t *testing.T) {
	t.Parallel()
	held := following("held", "Held")
	held.Paused = true
	w := newDesk(t, held)
	require.ErrorIs(t, w.PauseSequence(t.Context(), ada, "held", false), desk.ErrFromProgram)
	require.NoError(t, w.PauseSequence(t.Context(), ada, "held", true))
	ids, err := w.PauseSequences(t.Context(), ada)
	require.NoError(t, err)
	require.Empty(t, ids)
	ids, err = w.ResumeSequences(t.Context(), ada)
	require.NoError(t, err)
	require.Empty(t, ids)
	require.Equal(t, []string{"held"}, paused(t, w))
}

// TestWithoutASequencer shows what was made on the desk.
func TestWithoutASequencer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t)
	plain, err := desk.New(desk.Config{Engine: w.engine, Store: w.store})
	require.NoError(t, err)
	saved, err := plain.SaveSequence(ctx, ada, following("made", "Made"))
	require.NoError(t, err)
	all, err := plain.Sequences(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, []sequence.Listed{{Definition: saved}}, all)
	one, err := plain.Sequence(ctx, rita, "made")
	require.NoError(t, err)
	require.Equal(t, all[0], one)
	_, err = plain.PauseSequences(ctx, ada)
	require.ErrorIs(t, err, desk.ErrNoSequences)
	require.NoError(t, plain.DeleteSequence(ctx, ada, "made"))
}

func TestPausingAll(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t, following("given", "Given"))
	save(t, w, "a", "b", "c")
	_, err := w.SaveSequence(ctx, eve, following("hers", "Hers"))
	require.NoError(t, err)
	require.NoError(t, w.PauseSequence(ctx, ada, "a", true)) // before

	ids, err := w.PauseSequences(ctx, ada)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "c", "given"}, ids)
	require.Equal(t, []string{"a", "b", "c", "given"}, paused(t, w))
	st, err := w.Standstill(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, desk.Standstill{Sequences: ids, At: w.clock.now, By: "ada"}, st)
	for _, id := range []string{"given", "hers"} {
		hers, err := w.Sequence(ctx, eve, id)
		require.NoError(t, err)
		require.False(t, hers.Paused, "another tenant's stand still too")
	}
	none, err := w.ResumeSequences(ctx, eve)
	require.NoError(t, err)
	require.Empty(t, none)
	require.Len(t, paused(t, w), 4, "another tenant has let them go on")

	w.clock.now = w.clock.now.Add(time.Hour)
	ids, err = w.PauseSequences(ctx, ann)
	require.NoError(t, err)
	require.Empty(t, ids, "nothing is left to pause")
	resumed, err := w.ResumeSequences(ctx, ann)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "c", "given"}, resumed)
	require.Equal(t, []string{"a"}, paused(t, w), "one that was paused before goes on")
	resumed, err = w.ResumeSequences(ctx, ann)
	require.NoError(t, err)
	require.Empty(t, resumed)
	require.Equal(t, []string{"sequence.pause", "sequence.pause.all", "sequence.resume.all"}, w.actions(t)[3:])
	entries, err := w.Trail(ctx, ada, "", 1)
	require.NoError(t, err)
	require.JSONEq(t, `{"sequences":["b","c","given"]}`, string(entries[0].Data))
}

// TestDecidingAloneWhileAllArePaused: who pauses, lets go on or deletes one sequence while all stand still has decided about it.
func TestDecidingAloneWhileAllArePaused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t)
	save(t, w, "again", "by-the-host", "deleted", "gone-on", "kept", "plain")
	_, err := w.PauseSequences(ctx, ada)
	require.NoError(t, err)
	require.NoError(t, w.follow.ResumeSequence(ctx, "acme", "by-the-host"))
	require.NoError(t, w.PauseSequence(ctx, ada, "kept", true))
	require.NoError(t, w.PauseSequence(ctx, ada, "gone-on", false))
	require.NoError(t, w.PauseSequence(ctx, ada, "again", false))
	require.NoError(t, w.PauseSequence(ctx, ada, "again", true))
	require.NoError(t, w.DeleteSequence(ctx, ada, "deleted"))
	reborn := following("deleted", "Another of the same ID")
	reborn.Paused = true
	_, err = w.SaveSequence(ctx, ada, reborn)
	require.NoError(t, err)
	save(t, w, "new")
	st, err := w.Standstill(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, []string{"plain"}, st.Sequences)
	resumed, err := w.ResumeSequences(ctx, ada)
	require.NoError(t, err)
	require.Equal(t, []string{"plain"}, resumed)
	require.Equal(t, []string{"again", "deleted", "kept"}, paused(t, w))
}

// TestPausingAllTwice: what was made or let go on since the first time is paused too, and all of it goes on together.
func TestPausingAllTwice(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t)
	save(t, w, "a", "b")
	_, err := w.PauseSequences(ctx, ada)
	require.NoError(t, err)
	save(t, w, "c")
	require.NoError(t, w.PauseSequence(ctx, ada, "b", false))
	ids, err := w.PauseSequences(ctx, ann)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "c"}, ids)
	resumed, err := w.ResumeSequences(ctx, ada)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, resumed)
	require.Empty(t, paused(t, w))
}

// TestPausingAllWithAStoreThatFails: one that cannot be paused keeps no other from being paused, and it is said.
func TestPausingAllWithAStoreThatFails(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newDesk(t)
	save(t, w, "a", "b", "c")
	fault := errors.New("the disk is full")
	broken := &brokenRecords{Store: w.store, id: "b", err: fault}
	follow := sequence.New(broken, nil, &sequence.Options{Clock: w.clock.Now})
	d, err := desk.New(desk.Config{Engine: w.engine, Store: broken, Sequencer: follow, Clock: w.clock.Now})
	require.NoError(t, err)
	ids, err := d.PauseSequences(ctx, ada)
	require.ErrorIs(t, err, fault)
	require.Equal(t, []string{"a", "c"}, ids)
	require.Equal(t, []string{"a", "c"}, paused(t, w))
	st, err := d.Standstill(ctx, rita)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c"}, st.Sequences)
	broken.id = ""
	ids, err = d.PauseSequences(ctx, ada)
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, ids)
	broken.id = "a"
	ids, err = d.ResumeSequences(ctx, ada)
	require.ErrorIs(t, err, fault)
	require.Equal(t, []string{"c", "b"}, ids)
	broken.id = ""
	ids, err = d.ResumeSequences(ctx, ada)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, ids)
	broken.id, broken.err = "b", leads.ErrNotFound // somebody has deleted it meanwhile
	ids, err = d.PauseSequences(ctx, ada)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c"}, ids)
}

// brokenRecords cannot write the record of one ID.
type brokenRecords struct {
	*memstore.Store
	id  string
	err error
}

func (b *brokenRecords) PutRecord(ctx context.Context, r leads.Record) (leads.Record, error) {
	if r.ID == b.id {
		return leads.Record{}, b.err
	}
	return b.Store.PutRecord(ctx, r)
}
