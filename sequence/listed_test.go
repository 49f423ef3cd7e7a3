package sequence_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openleads/leads"
	"github.com/openleads/leads/adapters/memstore"
	"github.com/openleads/leads/ingest"
	"github.com/openleads/leads/sequence"
)

// version is course under another ID and name.
func version(id, name string, n int64) sequence.Definition {
	d := course()
	d.ID, d.Name, d.Version = id, name, n
	return d
}

// listed tells what Sequences returns, and that Sequence says the same of each.
func listed(t *testing.T, s *sequence.Sequencer, tenant string) string {
	t.Helper()
	all, err := s.Sequences(t.Context(), tenant)
	require.NoError(t, err)
	var told []string
	for _, l := range all {
		same, err := s.Sequence(t.Context(), tenant, l.ID, 0)
		require.NoError(t, err)
		require.Equal(t, l, same)
		text := fmt.Sprintf("%s %q v%d", l.ID, l.Name, l.Version)
		for _, flag := range []struct {
			is   bool
			name string
		}{{l.FromProgram, " program"}, {l.Paused, " paused"}, {l.Held, " held"}} {
			if flag.is {
				text += flag.name
			}
		}
		told = append(told, text)
	}
	return strings.Join(told, ", ")
}

func TestSequencesOfATenant(t *testing.T) {
	t.Parallel()
	ctx, store := t.Context(), memstore.New(nil)
	held := version("news", "News", 1)
	held.Paused = true
	s := sequence.New(store, nil, options(version("welcome", "Old", 1), version("welcome", "Go's", 2), held))
	library := sequence.Library{Records: store}
	for _, d := range []sequence.Definition{version("trial", "Trial", 0), version("welcome", "Hidden", 0), version("after", "After", 0)} {
		_, err := library.Save(ctx, "acme", d)
		require.NoError(t, err)
	}
	require.Equal(t, `after "After" v1, news "News" v1 program paused held, trial "Trial" v1, welcome "Go's" v2 program`, listed(t, s, "acme"))
	require.Equal(t, `news "News" v1 program paused held, welcome "Go's" v2 program`, listed(t, s, "other"))

	for _, id := range []string{"welcome", "trial", "news"} {
		require.NoError(t, s.PauseSequence(ctx, "acme", id))
	}
	require.Equal(t, `after "After" v1, news "News" v1 program paused held, trial "Trial" v1 paused, welcome "Go's" v2 program paused`, listed(t, s, "acme"))
	require.Equal(t, `news "News" v1 program paused held, welcome "Go's" v2 program`, listed(t, s, "other"), "another tenant's stand still too")
	hidden, err := library.Load(ctx, "acme", "welcome")
	require.NoError(t, err)
	require.False(t, hidden.Paused, "the one behind Go's was paused")
	for _, id := range []string{"welcome", "trial", "news"} {
		require.NoError(t, s.ResumeSequence(ctx, "acme", id))
	}
	require.Equal(t, `after "After" v1, news "News" v1 program paused held, trial "Trial" v1, welcome "Go's" v2 program`, listed(t, s, "acme"))

	old, err := s.Sequence(ctx, "acme", "welcome", 1)
	require.NoError(t, err)
	require.Equal(t, "Old true", fmt.Sprint(old.Name, " ", old.FromProgram))
	gone, err := s.Sequence(ctx, "acme", "welcome", 7)
	require.NoError(t, err)
	require.Equal(t, "Go's", gone.Name, "its enrolments go on with the newest")
	edited := version("trial", "Second", 1)
	_, err = library.Save(ctx, "acme", edited)
	require.NoError(t, err)
	first, err := s.Sequence(ctx, "acme", "trial", 1)
	require.NoError(t, err)
	require.Equal(t, "Trial", first.Name)
	for _, id := range []string{"nothing", "", "trial/0000000001"} {
		_, err = s.Sequence(ctx, "acme", id, 0)
		require.ErrorIs(t, err, leads.ErrNotFound, id)
	}
	_, err = s.Sequence(ctx, "acme", "trial", 9)
	require.ErrorIs(t, err, leads.ErrNotFound)
	_, err = sequence.New(nil, nil, nil).Sequences(ctx, "acme")
	require.Error(t, err)
}

// TestWhatIsListedEnrols: leads enter what is listed and not paused, in the version that is listed.
func TestWhatIsListedEnrols(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, tenant := t.Context(), leads.DefaultTenant
		r := newRig(t, options(version("welcome", "Old", 1), version("welcome", "Go's", 2), version("news", "News", 1)), parts{})
		library := sequence.Library{Records: r.store}
		for _, d := range []sequence.Definition{version("trial", "Trial", 0), version("welcome", "Hidden", 0), version("after", "After", 0)} {
			_, err := library.Save(ctx, tenant, d)
			require.NoError(t, err)
		}
		require.NoError(t, r.seq.PauseSequence(ctx, tenant, "news"))
		require.NoError(t, r.seq.PauseSequence(ctx, tenant, "after"))
		lead := r.capture(ingest.Fields{Email: "bob@example.com"})
		after(time.Hour)
		all, err := r.seq.Sequences(ctx, tenant)
		require.NoError(t, err)
		open := map[string]int64{}
		for _, l := range all {
			if !l.Paused {
				open[l.ID] = l.Version
			}
		}
		entered := map[string]int64{}
		for _, e := range r.enrollments(lead) {
			entered[e.SequenceID] = e.Version
		}
		require.Equal(t, map[string]int64{"welcome": 2, "trial": 1}, entered)
		require.Equal(t, open, entered)
	})
}
